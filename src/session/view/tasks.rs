//! What faces see of the task.

use std::path::Path;

use crate::scene::Task;
use crate::session::Session;
use crate::session::snapshot::{
    Candidate, ClassView, GestureView, LanguageView, SampleView, TaskView, TensorView, WordView,
};
use crate::session::work::{Computing, Reading, Recognising, Work};
use crate::task::dvs::gesture::{GESTURES, Gesture};
use crate::text::visible_line;

/// Words that a snapshot carries.
const WORDS: usize = 400;
/// Likeliest next words that a snapshot carries.
const TOP: usize = 5;
/// Most words to come that a snapshot carries while none is read.
const UPCOMING: usize = 60;
/// Samples to come that a snapshot carries before the first frame.
const UPCOMING_SAMPLES: u64 = 12;
/// Rows to come that a snapshot carries before the first step, and values of each.
const UPCOMING_ROWS: (u32, usize) = (6, 32);
/// Outputs that a snapshot carries.
const OUTPUTS: usize = 1024;

/// The task of a session.
pub(super) fn task(session: &Session) -> TaskView {
    match session.work() {
        Work::Language(reading) => TaskView::LanguageModel(language(session, reading)),
        Work::Gestures(recognising) => TaskView::Gestures(gestures(session, recognising)),
        Work::Tensor(computing) => TaskView::Tensor(tensor(session, computing)),
    }
}

fn language(session: &Session, work: &Reading) -> LanguageView {
    let task = work.task();
    let score = task.score();
    let vocabulary = &task.model().vocabulary;
    // The word that is to be read next is known once its surprisal is.
    let reading = session.steps_in_flight() > 0 || work.observation().target.is_some();
    let shown = session.steps() as usize + usize::from(reading);
    let word = |index: usize| {
        let word = task.word(index)?.to_owned();
        let surprisal = work.surprisals().get(index).copied().flatten();
        let known = vocabulary.id(&word).is_some();
        // Escaped as it is drawn, so that its width is that on the screen.
        let word = visible_line(&word).into_owned();
        Some(WordView { word, known, surprisal, generated: task.is_generated(index) })
    };
    LanguageView {
        words: (shown.saturating_sub(WORDS)..shown).filter_map(word).collect(),
        upcoming: if shown == 0 {
            let words = (0..UPCOMING).filter_map(|index| task.word(index));
            words.map(|word| visible_line(word).into_owned()).collect()
        } else {
            Vec::new()
        },
        top: work
            .observation()
            .top
            .iter()
            .take(TOP)
            .map(|&(id, probability)| Candidate {
                word: visible_line(vocabulary.word(id)).into_owned(),
                probability,
            })
            .collect(),
        perplexity: score.perplexity(),
        mean_surprisal: score.mean_surprisal(),
        surprisal_history: work.surprisal_history().collect(),
        predictions: score.predictions(),
        total_steps: Some(task.total_steps() * task.streams() as u64),
        streams: task.streams() as u32,
        generating: task.is_writing(),
        characters: vocabulary.is_characters(),
        note: {
            let compares = || session.model().card().compares_with.clone();
            let note = task.corpus().counts().warning().unwrap_or_else(compares);
            let note = visible_line(&note);
            match task.streams() {
                1 => note.into_owned(),
                n => format!("the first of {n} streams is shown; perplexity is that of all. {note}"),
            }
        },
    }
}

/// The DRAM row that the chip works on: of the steps in flight the oldest, or the one completed last.
fn row(session: &Session) -> Option<u32> {
    let host = &session.machine().state().host;
    let rows = host.in_flight.front().unwrap_or(&host.rows);
    rows.first().copied()
}

fn gestures(session: &Session, recognising: &Recognising) -> GestureView {
    let task = recognising.task();
    let (answering, answered) = task.now();
    let (sample, frame) = row(session).and_then(|row| task.sample_of(row)).unwrap_or((0, 0));
    // A new sample has begun, and nothing of it is answered yet.
    let fresh = answered == 0 || sample != answering;
    let (scores, probabilities) = if fresh {
        ([0.0; GESTURES], [0.0; GESTURES])
    } else {
        (task.scores_now(), recognising.probabilities())
    };
    let class = |gesture: Gesture| ClassView {
        name: recognising
            .classes()
            .get(gesture.index())
            .map_or_else(String::new, |name| visible_line(name).into_owned()),
        short: gesture.short().to_owned(),
        score: scores[gesture.index()],
        probability: probabilities[gesture.index()],
    };
    let begun = session.steps() > 0 || session.steps_in_flight() > 0;
    let picture = recognising.frames(sample).filter(|_| begun);
    let picture = picture.and_then(|frames| frames.pictures.get(frame as usize).cloned()).unwrap_or_default();
    let coming = |sample: u64| SampleView {
        source: visible_line(&recognising.source(sample)).into_owned(),
        label: task.label(sample).map(Gesture::index),
    };
    let upcoming = if begun { 0 } else { task.samples().min(UPCOMING_SAMPLES) };
    let tally = task.tally();
    GestureView {
        source: visible_line(&recognising.source(sample)).into_owned(),
        label: task.label(sample).map(Gesture::index),
        frame: if fresh { 0 } else { answered },
        frames: task.frames(),
        sample,
        samples: task.samples(),
        batch: task.batch(),
        bin_us: recognising.bin_us(),
        upcoming: (0..upcoming).map(coming).collect(),
        picture,
        classes: Gesture::all().map(class).collect(),
        judged: tally.judged(),
        correct: tally.correct(),
        confusion: tally.confusion().iter().flatten().copied().collect(),
        recent: task.recent().iter().map(|a| (a.label.map(Gesture::index), a.predicted.index())).collect(),
        note: visible_line(&session.model().card().compares_with).into_owned(),
    }
}

fn tensor(session: &Session, computing: &Computing) -> TensorView {
    let task = computing.task();
    let source = match &session.loaded.scene.task {
        Task::Tensor(options) => {
            let name = Path::new(&options.inputs).file_name().unwrap_or_default().to_string_lossy();
            visible_line(&name).into_owned()
        }
        Task::LanguageModel(_) | Task::Gestures(_) => String::new(),
    };
    let begun = session.steps() > 0 || session.steps_in_flight() > 0;
    let rows = if begun { 0 } else { UPCOMING_ROWS.0 };
    let row = |row| Some(task.rows().row(row)?.iter().take(UPCOMING_ROWS.1).copied().collect());
    TensorView {
        source,
        upcoming: (0..rows).map_while(row).collect(),
        width: task.rows().width() as u32,
        units: computing.last().len() as u32,
        done: task.observed() as u64,
        total: task.total_steps(),
        last: computing.last().iter().take(OUTPUTS).copied().collect(),
    }
}
