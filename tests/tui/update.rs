//! Tests of the update function: keys and messages, and the resulting effects and model.

use spinntui::chip::geometry::Pe;
use spinntui::machine::fault::Fault;
use spinntui::session::command::{Command, Speed, StepUnit};
use spinntui::session::engine::EngineEvent;
use spinntui::session::history::SeekTarget;
use spinntui::session::snapshot::{Focus, RunState, Snapshot, TimelineWindow};
use spinntui::tui::app::{App, Effect, Msg, Overlay, Signal};
use spinntui::tui::fault::Kind;
use spinntui::tui::heat::{Metric, Window};
use spinntui::tui::keymap::Keymap;
use spinntui::tui::panels::PanelId;
use spinntui::tui::update::update;

use crate::common::{app, app_with, empty_app, press, text};
use crate::points::with_names;
use crate::sample;

fn step(unit: StepUnit, count: u32) -> Effect {
    Effect::Engine(Command::Step { unit, count })
}

fn back(unit: StepUnit, count: u32) -> Effect {
    Effect::Engine(Command::Back { unit, count })
}

#[test]
fn keys_become_commands() {
    let cases = [
        ("space", vec![Effect::Engine(Command::TogglePause)]),
        ("c", vec![Effect::Engine(Command::TogglePause)]),
        ("s", vec![step(StepUnit::TimeStep, 1)]),
        ("n", vec![step(StepUnit::Layer, 1)]),
        ("p", vec![step(StepUnit::Phase, 1)]),
        ("o", vec![step(StepUnit::Phase, 1)]),
        ("i", vec![step(StepUnit::Event, 1)]),
        ("f", vec![step(StepUnit::Sequence, 1)]),
        ("S", vec![back(StepUnit::TimeStep, 1)]),
        ("N", vec![back(StepUnit::Layer, 1)]),
        ("P", vec![back(StepUnit::Phase, 1)]),
        ("O", vec![back(StepUnit::Phase, 1)]),
        ("I", vec![back(StepUnit::Event, 1)]),
        ("F", vec![back(StepUnit::Sequence, 1)]),
        ("u", vec![Effect::Engine(Command::Go(SeekTarget::PreviousStop))]),
        ("B", vec![Effect::Engine(Command::Bookmark("1".to_owned()))]),
        ("[", vec![]),
        ("g 1 2 enter", vec![Effect::Engine(Command::Go(SeekTarget::Step(12)))]),
        ("g s t e p space 1 2 enter", vec![Effect::Engine(Command::Go(SeekTarget::Step(12)))]),
        ("g h e r e enter", vec![Effect::Engine(Command::Go(SeekTarget::Bookmark("here".to_owned())))]),
        ("r", vec![Effect::Engine(Command::Reload)]),
        ("R", vec![Effect::Engine(Command::Restart)]),
        ("<", vec![Effect::Engine(Command::SetSpeed(Speed::StepsPerSecond(30.0)))]),
        ("ctrl-z", vec![Effect::Suspend]),
        ("ctrl-l", vec![Effect::Redraw]),
        ("q", vec![Effect::Quit(0)]),
        ("ctrl-c", vec![Effect::Quit(0)]),
        ("x", vec![]),
        (": s t e p enter", vec![step(StepUnit::TimeStep, 1)]),
    ];
    for (keys, effects) in cases {
        assert_eq!(press(&mut app((80, 24)), keys), effects, "{keys}");
    }
}

#[test]
fn counts_go_with_steps_and_leave_the_focus_alone() {
    let mut app = app((80, 24));
    press(&mut app, "5");
    update(&mut app, Msg::CountExpired);
    assert_eq!((app.focus(), &app.count), (PanelId::Timers, &None));
    press(&mut app, "1");
    update(&mut app, Msg::CountExpired);
    let before = text(&app);
    let effects = press(&mut app, "6 0 s");
    assert_eq!(effects.last(), Some(&step(StepUnit::TimeStep, 60)));
    assert_eq!(text(&app), before, "Chip has the focus and Timers still stands beside it");
    let effects = press(&mut app, "9 9 9 9 9 9 9 9 i");
    assert!(effects.contains(&step(StepUnit::Event, 999_999)), "no overflow: {effects:?}");
    assert_eq!(
        press(&mut app, "1 2 esc s"),
        [Effect::StartCountTimer, Effect::StartCountTimer, step(StepUnit::TimeStep, 1)]
    );
}

#[test]
fn digits_pick_panels_one_after_the_other() {
    let mut app = app((80, 24));
    for (key, panel) in
        [("3", PanelId::Memory), ("4", PanelId::Noc), ("5", PanelId::Timers), ("6", PanelId::Sparsity)]
    {
        press(&mut app, key);
        assert_eq!(app.focus(), panel, "{key}");
    }
    press(&mut app, "0");
    assert_eq!(app.focus(), PanelId::Sparsity, "a 0 behind a digit is part of the count");
    press(&mut app, "m");
    assert_eq!((&app.count, app.focus()), (&None, PanelId::Sparsity), "a command without count drops it");
    press(&mut app, "0");
    assert_eq!(app.focus(), PanelId::Pins, "a 0 alone is a panel");
    assert_eq!(press(&mut app, "m"), []);
    press(&mut app, "6");
    for (keys, count) in [("2 0 s", 20), ("1 0 0 s", 100), ("0 4 s", 4)] {
        update(&mut app, Msg::CountExpired);
        assert_eq!(press(&mut app, keys).last(), Some(&step(StepUnit::TimeStep, count)), "{keys}");
        assert_eq!(app.focus(), PanelId::Sparsity, "{keys}");
    }
}

#[test]
fn one_digit_is_a_panel_and_never_a_count() {
    let one = |unit| vec![step(unit, 1)];
    let steps = |effects: Vec<Effect>| -> Vec<Effect> {
        effects.into_iter().filter(|e| matches!(e, Effect::Engine(Command::Step { .. }))).collect()
    };
    // The meaning of a digit does not depend on the time since the previous key.
    for pause in [false, true] {
        let mut app = app((80, 24));
        press(&mut app, "9");
        if pause {
            update(&mut app, Msg::CountExpired);
        }
        assert_eq!(steps(press(&mut app, "s")), one(StepUnit::TimeStep));
        assert_eq!(steps(press(&mut app, "s")), one(StepUnit::TimeStep));
        assert_eq!(app.focus(), PanelId::Timeline, "it stays open");
        let selected = app.selected;
        press(&mut app, "8");
        if pause {
            update(&mut app, Msg::CountExpired);
        }
        press(&mut app, "j");
        assert_eq!((app.focus(), app.selected), (PanelId::Pe, selected), "j moves in the PE");
        assert_eq!(steps(press(&mut app, "4 n")), one(StepUnit::Layer));
        assert_eq!(app.focus(), PanelId::Noc);
    }
    let mut app = app((80, 24));
    assert!(!text(&app).contains("count"));
    press(&mut app, "4");
    assert!(!text(&app).contains("count"), "{}", text(&app));
    update(&mut app, Msg::CountExpired);
    assert_eq!(steps(press(&mut app, "0 4 s")), [step(StepUnit::TimeStep, 4)]);
    assert_eq!(steps(press(&mut app, "0 s")), one(StepUnit::TimeStep), "0 of a thing is one");
    press(&mut app, "9");
    update(&mut app, Msg::CountExpired);
    press(&mut app, "7 0 =");
    assert_eq!(app.focus(), PanelId::Timeline, "seventy steps of the timeline");
    update(&mut app, Msg::CountExpired);
    assert_eq!(steps(press(&mut app, ": 4 space s t e p enter")), [step(StepUnit::TimeStep, 4)]);
}

#[test]
fn a_digit_can_be_given_to_another_command() {
    let rows = [("step", vec!["7"]), ("task", vec![])];
    let rows = rows.map(|(name, keys)| (name.to_owned(), keys.into_iter().map(str::to_owned).collect()));
    let mut app = app((80, 24));
    app.keymap = Keymap::with(&rows.into()).unwrap();
    assert_eq!(press(&mut app, "9 7").last(), Some(&step(StepUnit::TimeStep, 1)));
    assert_eq!(app.focus(), PanelId::Timeline);
    assert_eq!(press(&mut app, "2 n").last(), Some(&step(StepUnit::Layer, 2)), "2 selects nothing any more");
    // Before the step, the panels opened by digits request their details.
    assert!(press(&mut app, "0 7 n").contains(&step(StepUnit::Layer, 7)));
    assert!(press(&mut app, "1 0 7 n").contains(&step(StepUnit::Layer, 107)));
}

#[test]
fn the_count_is_shown_while_it_is_typed() {
    let mut app = app((80, 24));
    press(&mut app, "4 2");
    assert!(text(&app).lines().next().unwrap().contains("count 42"));
    update(&mut app, Msg::CountExpired);
    assert!(!text(&app).contains("count 42"));
}

#[test]
fn a_step_by_events_tells_the_event() {
    let mut app = app((80, 24));
    press(&mut app, "i");
    update(&mut app, Msg::Engine(EngineEvent::Snapshot(sample::shared())));
    assert!(text(&app).lines().last().unwrap().contains("packet 12 of PE(3,5,1) delivered"));
    press(&mut app, "s");
    update(&mut app, Msg::Engine(EngineEvent::Snapshot(sample::shared())));
    assert!(!text(&app).contains("delivered"));
}

#[test]
fn tab_goes_round_both_ways() {
    let mut app = app((80, 24));
    let mut seen = Vec::new();
    for _ in PanelId::ALL {
        seen.push(app.focus());
        press(&mut app, "tab");
    }
    assert_eq!(seen, PanelId::ALL);
    press(&mut app, "backtab backtab");
    assert_eq!(app.focus(), PanelId::ALL[PanelId::ALL.len() - 2]);
}

#[test]
fn moving_selects_and_asks_for_detail_only_where_it_is_shown() {
    let mut app = app((80, 24));
    assert_eq!(app.selected, Pe::at(1, 6, 0).unwrap());
    assert_eq!(press(&mut app, "l j"), [], "no panel shows detail");
    assert_eq!(app.selected, Pe::at(1, 6, 3).unwrap());
    let pe = |x, y, p| Effect::Engine(Command::Focus(Focus::Pe(Pe::at(x, y, p).unwrap().index())));
    assert_eq!(press(&mut app, "tab tab"), [pe(1, 6, 3)]);
    assert_eq!(press(&mut app, "right"), [pe(2, 6, 2)]);
    assert_eq!(press(&mut app, "0 3 l").last(), Some(&pe(3, 6, 3)), "a count moves three");
    assert_eq!(press(&mut app, "tab tab tab tab"), [Effect::Engine(Command::Focus(Focus::Nothing))]);
    let asked = press(&mut app, "tab");
    let [Effect::Engine(Command::Focus(Focus::Inspect(request)))] = asked[..] else { panic!("{asked:?}") };
    assert_eq!(request.place.pe, Pe::at(3, 6, 3).unwrap().index(), "the PE panel wants more");
    let asked = press(&mut app, "tab");
    assert!(matches!(asked[..], [Effect::Engine(Command::Focus(Focus::Timeline(_)))]), "{asked:?}");
    press(&mut app, "1");
    update(&mut app, Msg::CountExpired);
    assert_eq!(press(&mut app, "z"), [pe(3, 6, 3)], "the expanded chip shows detail");
}

#[test]
fn looks_change_without_the_engine() {
    let mut app = app((80, 24));
    assert_eq!(press(&mut app, "m w"), []);
    assert_eq!((app.metric, app.window), (Metric::Duty, Window::Mean));
    press(&mut app, "M M z");
    assert_eq!((app.metric, app.expanded), (Metric::Layer, true));
    press(&mut app, "esc");
    assert!(!app.expanded);
}

#[test]
fn escape_closes_the_top_layer_only() {
    let mut app = app((80, 24));
    press(&mut app, "z ! ?");
    assert_eq!(app.overlays.len(), 2);
    press(&mut app, "esc");
    assert_eq!(app.overlays, [Overlay::Findings { selected: 0 }]);
    assert!(app.expanded);
    press(&mut app, "esc esc");
    assert!(app.overlays.is_empty() && !app.expanded);
}

#[test]
fn the_help_takes_letters_as_search_but_not_ctrl_c() {
    let mut app = app((80, 24));
    assert_eq!(press(&mut app, "? q u i t"), []);
    let screen = text(&app);
    assert!(
        screen.contains("search: quit") && screen.contains("q Ctrl-c") && !screen.contains("run or pause"),
        "{screen}"
    );
    press(&mut app, "ctrl-u");
    assert!(text(&app).contains("search:   ") && !text(&app).contains("quit Ctrl-c"), "{}", text(&app));
    press(&mut app, "a b ctrl-w c ctrl-a x");
    assert!(text(&app).contains("search: xc "), "{}", text(&app));
    assert_eq!(press(&mut app, "ctrl-c"), [Effect::Quit(0)]);
    press(&mut app, "esc");
    assert!(app.overlays.is_empty());
}

#[test]
fn the_help_opens_on_the_focused_panel_and_has_all_keys_and_words() {
    for panel in PanelId::ALL {
        let mut app = app((120, 60));
        press(&mut app, &panel.number().to_string());
        press(&mut app, "?");
        let screen = text(&app);
        assert!(screen.contains("Help") && screen.contains("Keys here"), "{panel:?}:\n{screen}");
        let entries = screen.lines().filter(|line| line.contains("│  ")).count();
        assert!(entries >= 8, "{panel:?} is explained in {entries} lines:\n{screen}");
    }
    let mut app = app((120, 60));
    press(&mut app, "? tab");
    assert!(text(&app).contains("Run and step"));
    // A command without a key is found by its name.
    press(&mut app, "s p e e d");
    assert!(text(&app).contains(":speed"), "{}", text(&app));
    press(&mut app, "esc ? tab tab");
    let words = text(&app);
    for word in
        ["act", "duty", "polling", "nats", "x 0/12 y 12/12", "egru_internal", "~word", "- -", ". .", "▐▌"]
    {
        press(&mut app, "esc ? tab tab");
        for _ in 0..20 {
            if text(&app).contains(&format!("  {word} ")) {
                break;
            }
            press(&mut app, "pagedown");
        }
        assert!(text(&app).contains(&format!("  {word} ")), "{word} is explained\n{words}");
    }
    // A search goes through commands and words.
    press(&mut app, "s u r p r i s a l");
    let found = text(&app);
    assert!(found.contains("break") && found.contains("nats"), "{found}");
}

#[test]
fn a_message_that_does_not_fit_can_be_read_whole() {
    let long = format!("last written by a packet {} the end", "and more ".repeat(30));
    let mut app = app((80, 24));
    update(&mut app, Msg::Engine(EngineEvent::Said("short".to_owned())));
    assert!(!text(&app).contains("E all of it"));
    update(&mut app, Msg::Engine(EngineEvent::Said(long)));
    let footer = text(&app).lines().last().unwrap().to_owned();
    assert!(footer.contains("… ") && footer.contains("E all of it"), "{footer}");
    press(&mut app, "E");
    let screen = text(&app);
    assert!(screen.contains("Messages") && screen.contains("the end"), "{screen}");
    assert!(screen.find("the end") < screen.find("· short"), "the newest first:\n{screen}");
    press(&mut app, "esc");
    let snapshot =
        Snapshot { run: RunState::Stalled(format!("{} stalled", "why ".repeat(40))), ..sample::snapshot() };
    update(&mut app, Msg::Engine(EngineEvent::Snapshot(snapshot.into())));
    press(&mut app, "E");
    let screen = text(&app);
    assert!(screen.find("why why") < screen.find("last written") && screen.contains("stalled"), "{screen}");
}

#[test]
fn before_the_first_snapshot_only_the_app_answers() {
    let mut app = empty_app((80, 24));
    assert_eq!(press(&mut app, "space s n h l z m w 4 tab"), []);
    assert_eq!(press(&mut app, "r"), [Effect::Engine(Command::Reload)]);
    assert!(text(&app).contains("loading scenes/lm.ron"));
    press(&mut app, "?");
    assert!(text(&app).contains("Run and step"), "without panels the keys come first");
}

#[test]
fn a_scene_error_is_shown_verbatim_and_goes_when_the_scene_is_mended() {
    let diagnostic =
        "scenes/lm.ron:3:12: no such model\n3 |     model: \"modles/x\",\n  |            ^^^^^^^^^^";
    let mut app = app((80, 24));
    update(&mut app, Msg::Engine(EngineEvent::SceneError(diagnostic.to_owned())));
    update(&mut app, Msg::Engine(EngineEvent::SceneError(diagnostic.to_owned())));
    assert_eq!(app.overlays.len(), 1, "the second replaces the first");
    let screen = text(&app);
    for line in diagnostic.lines() {
        assert!(screen.contains(line), "{line:?} not in\n{screen}");
    }
    assert!(screen.contains("the old scene stays"));
    assert_eq!(press(&mut app, "space"), [Effect::Engine(Command::TogglePause)], "the old run goes on");
    update(&mut app, Msg::Engine(EngineEvent::SceneLoaded));
    assert!(app.overlays.is_empty());
    assert!(text(&app).contains("scenes/lm.ron loaded"));
}

#[test]
fn long_sentences_of_a_scene_error_break_between_words_and_its_excerpt_does_not() {
    let help = "help: did you mean `model`? its fields are `version`, `title`, `model`, `task`, `chip`, `mapping` and `history`";
    let source = format!("9 |     modell: \"{}\",", "models/".repeat(12));
    let mut app = app((80, 24));
    let error =
        format!("scenes/dvs.ron:9:5: the scene has no field `modell`\n{source}\n  |     ^^^^^^\n{help}");
    update(&mut app, Msg::Engine(EngineEvent::SceneError(error)));
    let screen = text(&app);
    for word in help.split(' ').chain(["  |     ^^^^^^"]) {
        assert!(screen.contains(word), "{word:?} is broken in\n{screen}");
    }
    assert!(screen.contains(&source[..70]), "the excerpt is moved in\n{screen}");
}

#[test]
fn a_saved_scene_is_reloaded_if_watched() {
    let mut app = app((80, 24));
    assert_eq!(update(&mut app, Msg::SceneSaved), []);
    app.watching = true;
    assert_eq!(update(&mut app, Msg::SceneSaved), [Effect::Engine(Command::Reload)]);
}

#[test]
fn a_crashed_engine_leaves_the_app_alive() {
    let mut app = app((80, 24));
    update(&mut app, Msg::ThreadPanicked("thread `engine`\nat src/machine/exec.rs:17".to_owned()));
    update(&mut app, Msg::Engine(EngineEvent::Crashed("boxed".to_owned())));
    let screen = text(&app);
    assert!(screen.contains("exec.rs:17") && !screen.contains("boxed"), "{screen}");
    assert_eq!(press(&mut app, "esc space s"), [], "nobody is there to take commands");
    assert!(text(&app).contains("ENGINE STOPPED"));
    assert_eq!(press(&mut app, "r"), [Effect::RestartEngine]);
    assert_eq!(press(&mut app, "space"), [Effect::Engine(Command::TogglePause)]);
}

#[test]
fn run_states_are_said_in_words() {
    let why = "PE(3,5,1) waits for block 12 of rnns.0";
    let cases = [
        (RunState::Paused, "PAUSED", ""),
        (RunState::Running, "RUNNING", ""),
        (RunState::Stepping { remaining: 7 }, "STEPPING 7", ""),
        (RunState::Finished, "FINISHED", ""),
        (RunState::Stalled(why.to_owned()), "STALLED", why),
        (RunState::Faulted(why.to_owned()), "FAULTED", why),
    ];
    for (run, word, reason) in cases {
        let screen =
            text(&app_with((80, 24), spinntui::session::snapshot::Snapshot { run, ..sample::snapshot() }));
        assert!(screen.lines().next().unwrap().contains(word), "{screen}");
        assert!(screen.lines().last().unwrap().contains(reason), "{screen}");
    }
}

#[test]
fn signals_leave_with_the_shells_code() {
    let mut app = app((80, 24));
    assert_eq!(update(&mut app, Msg::Signal(Signal::Terminate(15))), [Effect::Quit(143)]);
    assert_eq!(update(&mut app, Msg::Signal(Signal::Terminate(1))), [Effect::Quit(129)]);
    assert_eq!(update(&mut app, Msg::Signal(Signal::Suspend)), [Effect::Suspend]);
    assert_eq!(update(&mut app, Msg::Signal(Signal::Continued)), [Effect::Resume]);
    assert_eq!(update(&mut app, Msg::InputLost("gone".to_owned())), [Effect::Quit(1)]);
}

/// Returns an app with the timeline focused, after a snapshot has answered its request.
fn on_the_timeline() -> App {
    let mut app = app((120, 40));
    press(&mut app, "9 z");
    update(&mut app, Msg::CountExpired);
    answer(&mut app);
    app
}

fn answer(app: &mut App) {
    let Focus::Timeline(request) = app.asked_focus else { panic!("{:?}", app.asked_focus) };
    let snapshot = Snapshot { detail: sample::in_time(request), ..sample::snapshot() };
    update(app, Msg::Engine(EngineEvent::Snapshot(snapshot.into())));
}

#[test]
fn the_timeline_is_recorded_while_its_panel_is_shown() {
    let mut app = app((80, 24));
    let effects = press(&mut app, "9");
    let asked = effects.iter().filter(|e| matches!(e, Effect::Engine(Command::Focus(Focus::Timeline(_)))));
    assert_eq!(asked.count(), 1, "{effects:?}");
    update(&mut app, Msg::CountExpired);
    let effects = press(&mut app, "5");
    assert!(effects.contains(&Effect::Engine(Command::Focus(Focus::Nothing))), "{effects:?}");
}

#[test]
fn the_timeline_zooms_pans_and_follows_again() {
    let mut app = on_the_timeline();
    let window = |app: &App| match app.asked_focus {
        Focus::Timeline(request) => request.window,
        _ => panic!("{:?}", app.asked_focus),
    };
    let width = |app: &App| match window(app) {
        TimelineWindow::Ticks { begin, end } => end - begin,
        TimelineWindow::Latest(_) => 0,
    };
    assert_eq!(window(&app), TimelineWindow::Latest(1));
    press(&mut app, "}");
    let half = width(&app);
    assert!(half > 0);
    press(&mut app, "0 3 }");
    assert!(width(&app) <= half / 4 + 2, "the answer is the whole step again, of which an eighth is shown");
    press(&mut app, "=");
    assert_eq!(window(&app), TimelineWindow::Latest(1));
    press(&mut app, "7 0 =");
    assert_eq!(window(&app), TimelineWindow::Latest(70));
    assert_eq!(app.focus(), PanelId::Timeline, "a count is no panel");
    let before = app.selected;
    press(&mut app, "j");
    assert_ne!(app.selected, before);
    press(&mut app, "k l");
    assert_eq!(app.selected, before);
    press(&mut app, "*");
    assert_eq!(app.selected.index() % 50, 9, "the sample's critical PEs");
    assert!(app.timeline.cursor.is_some());
}

#[test]
fn what_cannot_be_done_stays_on_the_line() {
    let mut app = app((80, 24));
    press(&mut app, "X enter");
    assert!(text(&app).contains("Inject fault"), "{}", text(&app));
    // A field with an invalid value names the expected form, and Enter does nothing.
    press(&mut app, "tab ctrl-u x");
    assert_eq!(press(&mut app, "enter"), []);
    assert!(text(&app).contains("invalid address `x`: expected byte address"), "{}", text(&app));
    press(&mut app, "backspace 0 x 9 0 0 0");
    let pe = app.selected;
    let place = (pe.qpe().x, pe.qpe().y, pe.p());
    let fault = Fault::FlipBit { pe: place.into(), address: 0x9000, bit: 6 };
    assert_eq!(press(&mut app, "enter"), [Effect::Engine(Command::Inject(fault))]);
    assert!(app.overlays.is_empty());
}

#[test]
fn the_menu_of_faults_offers_what_has_an_effect_on_the_selected_pe() {
    let mut app = with_names(app((80, 24)));
    let program = app.names.clone().unwrap();
    let used: Vec<Pe> = program.pes().collect();
    app.selected = used[3];
    let place = |pe: Pe| (pe.qpe().x, pe.qpe().y, pe.p());
    // The default choices flip a bit of the cell state, which every time step reads.
    let effects = press(&mut app, "X enter enter");
    let [Effect::Engine(Command::Inject(fault))] = effects[..] else { panic!("{effects:?}") };
    assert_eq!((fault.pe(), fault.without_effect(program.program())), (Some(used[3]), None));
    // Every kind of fault can be injected with its default values.
    for (number, &kind) in Kind::offered(1).iter().enumerate() {
        press(&mut app, "X");
        press(&mut app, &(number + 1).to_string());
        assert!(text(&app).contains(kind.about()), "{}", text(&app));
        let effects = press(&mut app, "enter");
        let [Effect::Engine(Command::Inject(fault))] = effects[..] else { panic!("{kind:?} {effects:?}") };
        assert_eq!(fault.check(program.program()), Ok(()), "{kind:?}");
        assert_eq!(fault.pe(), (kind != Kind::KillLink).then_some(used[3]), "{kind:?}");
    }
    // Another PE has another address, and a PE that does not exist is reported.
    let other = place(used[used.len() - 1]);
    press(&mut app, "X 1 ctrl-u");
    press(&mut app, &format!("{} , {} , {}", other.0, other.1, other.2));
    let effects = press(&mut app, "enter");
    let [Effect::Engine(Command::Inject(fault))] = effects[..] else { panic!("{effects:?}") };
    assert_eq!((fault.place(), fault.without_effect(program.program())), (Some(other.into()), None));
    press(&mut app, "X 3 ctrl-u 4 , 3 , 0");
    assert!(text(&app).contains("there is no PE (4,3,0)"), "{}", text(&app));
    press(&mut app, "esc esc X 1 tab ctrl-u 0 x 1 0 0");
    assert!(text(&app).contains("at level native cores compute"), "{}", text(&app));
    press(&mut app, "esc");
    assert!(text(&app).contains("DropPackets"), "back at the kinds");
    press(&mut app, "esc");
    assert!(app.overlays.is_empty());
}

#[test]
fn where_to_go_says_how_far_back_one_can() {
    let mut app = app((80, 24));
    press(&mut app, "g");
    assert!(
        text(&app).contains("back to step 0 · 1 checkpoint, one every 4 steps, 0 of 512 MiB"),
        "{}",
        text(&app)
    );
    assert!(!text(&app).contains("missing"), "nothing is wrong before a key is typed");
    press(&mut app, "end w h e n enter");
    assert!(matches!(app.overlays.last(), Some(Overlay::Asking(_))), "`step when` is no place");
    press(&mut app, "esc");
    assert!(app.overlays.is_empty());
}

#[test]
fn enter_on_a_finding_goes_to_its_pe() {
    let mut app = app((80, 24));
    let finding = app.picture().unwrap().findings[0].clone();
    press(&mut app, "! enter");
    assert_eq!(Some(app.selected), finding.pe);
    assert_eq!((app.focus(), app.overlays.len()), (PanelId::Pe, 0));
}
