//! A real gdb against the server: break, inspect, step, watch, back to the same registers, detach,
//! on to the same output.

#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

use crate::common::skipped;

const GDB: &str = "gdb-multiarch";
const SCENE: &str = "scenes/lm_small.ron";

/// Ends the server if a test fails.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Starts the server, and returns it with its output after the line that names the port.
fn server(arguments: &[&str]) -> (Server, BufReader<ChildStdout>, String) {
    server_of(SCENE, arguments)
}

fn server_of(scene: &str, arguments: &[&str]) -> (Server, BufReader<ChildStdout>, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_spinntui"));
    command.current_dir(env!("CARGO_MANIFEST_DIR")).args(["gdb", scene]).args(arguments);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::inherit()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap());
    let mut first = String::new();
    lines.read_line(&mut first).unwrap();
    let place = first.trim().strip_prefix("listening on ").unwrap_or_else(|| panic!("{first}")).to_owned();
    (Server(child), lines, place)
}

/// Runs gdb with these commands; `None` where it is not installed.
fn gdb(place: &str, commands: &[&str]) -> Option<String> {
    let elf = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/kernels/kernels.elf");
    let mut command = Command::new(GDB);
    command.args(["-q", "-nx", "-batch", "-ex", "set confirm off", "-ex", "set pagination off"]).arg(elf);
    command.arg("-ex").arg(format!("target remote {place}"));
    for one in commands {
        command.args(["-ex", one]);
    }
    let out = command.stdin(Stdio::null()).output().ok()?;
    Some(format!("{}{}", String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr)))
}

fn installed() -> bool {
    let found = Command::new(GDB).arg("--version").output().is_ok_and(|out| out.status.success());
    if !found {
        skipped(&format!("{GDB} is not installed (Debian: {GDB})"));
    }
    found
}

/// The lines that `echo` commands mark.
fn marked<'a>(text: &'a str, mark: &str) -> Vec<&'a str> {
    text.lines().filter_map(|line| line.split_once(mark).map(|(_, rest)| rest.trim())).collect()
}

/// The output hash of an undisturbed run.
fn hash(steps: &str) -> String {
    hash_of(SCENE, steps)
}

fn hash_of(scene: &str, steps: &str) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_spinntui"));
    command.current_dir(env!("CARGO_MANIFEST_DIR")).args(["run", scene, "--steps", steps]);
    let text = String::from_utf8(command.output().unwrap().stdout).unwrap();
    let line = text.lines().find(|line| line.starts_with("output hash")).unwrap();
    line.split_whitespace().last().unwrap().to_owned()
}

#[test]
fn gdb_breaks_steps_watches_goes_back_and_lets_the_run_end_as_without_it() {
    if !installed() {
        return;
    }
    let (mut server, mut lines, place) = server(&["--steps", "3"]);
    let print = "printf \"AT pc=%x r0=%x r3=%x sp=%x n=%d\\n\", $pc, $r0, $r3, $sp, $xpsr & 0xf0000000";
    let text = gdb(
        &place,
        &[
            "break csr_row",
            "continue",
            "printf \"ROWS %d\\n\", rows",
            "info registers s0",
            print,
            "stepi",
            "stepi",
            "stepi",
            print,
            "reverse-stepi",
            "reverse-stepi",
            "reverse-stepi",
            print,
            "watch -location *(unsigned *)sum",
            "continue",
            "printf \"WATCHED %x\\n\", $pc",
            "reverse-continue",
            "printf \"BACK %x\\n\", $pc",
            "reverse-continue",
            "delete",
            "monitor where",
            "info threads",
            "break csr_row",
            "continue",
            "printf \"NEXT %d\\n\", rows",
            "monitor who-wrote 0x8010",
            "monitor who-wrote 0x20000",
            "monitor step token",
            "detach",
        ],
    )
    .unwrap();
    let at = marked(&text, "AT ");
    assert_eq!(at.len(), 3, "{text}");
    assert_eq!(at[0], at[2], "back to the same registers:\n{text}");
    assert_ne!(at[0], at[1], "{text}");
    let rows: Vec<&str> = marked(&text, "ROWS ");
    assert!(rows[0].parse::<u32>().unwrap() > 0, "{text}");
    assert!(text.contains("Breakpoint 1, csr_row"), "{text}");
    assert!(text.contains("Hardware watchpoint 2"), "{text}");
    // Forwards behind the store, backwards at it.
    let (forwards, back) = (marked(&text, "WATCHED "), marked(&text, "BACK "));
    assert_eq!((forwards.len(), back.len()), (1, 1), "{text}");
    assert!(forwards != back && text.matches("hit Hardware watchpoint 2").count() == 2, "{text}");
    assert_eq!(marked(&text, "NEXT ").len(), 1, "{text}");
    assert!(text.contains("the host, when it loaded the program"), "{text}");
    assert!(text.contains("0x20000 is outside the SRAM"), "{text}");
    assert!(text.contains("time step 1"), "{text}");
    let rest: Vec<String> = lines.by_ref().lines().map(Result::unwrap).collect();
    assert!(rest.iter().any(|line| line == "gdb detached"), "{rest:?}\n{text}");
    let last = rest.last().unwrap();
    assert!(last.starts_with("3 time steps") && last.ends_with(&hash("3")), "{last}");
    assert_eq!(server.0.wait().unwrap().code(), Some(0));
}

/// Breakpoints in the routines of a spiking neuron, whose tick is a call after the other.
#[test]
fn gdb_breaks_in_the_routines_of_spiking_neurons() {
    if !installed() {
        return;
    }
    let (mut server, mut lines, place) = server_of("scenes/lif.ron", &["--steps", "30"]);
    let text = gdb(
        &place,
        &[
            "break filter",
            "continue",
            "printf \"FILTER %d %d\\n\", n, $r0",
            "break fire_one",
            "continue",
            "printf \"V %x\\n\", *(unsigned *)v",
            "info symbol $pc",
            "reverse-continue",
            "info symbol $pc",
            "delete",
            "break list_spikes",
            "continue",
            "info symbol $pc",
            "monitor where",
            "detach",
        ],
    )
    .unwrap();
    assert_eq!(marked(&text, "FILTER "), ["1 1"], "{text}");
    assert_eq!(marked(&text, "V ").len(), 1, "{text}");
    let symbols: Vec<&str> = text.lines().filter(|line| line.ends_with("in section .text")).collect();
    let functions: Vec<&str> = symbols.iter().filter_map(|line| line.split_whitespace().next()).collect();
    assert_eq!(functions, ["fire_one", "filter", "list_spikes"], "{text}");
    let rest: Vec<String> = lines.by_ref().lines().map(Result::unwrap).collect();
    let last = rest.last().unwrap();
    assert!(last.ends_with(&hash_of("scenes/lif.ron", "30")), "{last}");
    assert_eq!(server.0.wait().unwrap().code(), Some(0));
}

/// Registers and memory are written, the writes undone by going back, made again and recorded.
#[test]
fn gdb_writes_registers_and_memory_and_a_replay_ends_in_the_same_state() {
    if !installed() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("session.ron");
    let file = file.to_str().unwrap();
    let (mut server, mut lines, place) = server(&["--steps", "4", "--after", "1", "--record", file]);
    let text = gdb(
        &place,
        &[
            "set *(unsigned *)0x5000 = 0x3f800000",
            "printf \"WORD %x\\n\", *(unsigned *)0x5000",
            "monitor who-wrote 0x5000",
            "break csr_row",
            "continue",
            "stepi 60",
            "printf \"R6 %x\\n\", $r6",
            "set $r6 = $r4",
            "set $s15 = 2.5",
            "printf \"R6 %x\\n\", $r6",
            "printf \"S15 %g\\n\", $s15",
            "stepi",
            "reverse-stepi",
            "reverse-stepi",
            "printf \"R6 %x\\n\", $r6",
            "stepi",
            "printf \"R6 %x\\n\", $r6",
            "set $r6 = $r4",
            "set *(float *)$r5 = 7",
            "set *((char *)$r5 + 1) = 1",
            "printf \"SUM %x\\n\", *(unsigned *)$r5",
            "delete",
            "finish",
            "set $r0 = 1",
            "monitor step token",
            "detach",
        ],
    )
    .unwrap();
    assert_eq!(marked(&text, "WORD "), ["3f800000"], "{text}");
    assert!(text.contains("a debugger"), "{text}");
    let r6 = marked(&text, "R6 ");
    assert!(r6.len() == 4 && r6[0] != r6[1], "{text}");
    assert_eq!([r6[2], r6[3]], [r6[0]; 2], "undone by going back:\n{text}");
    assert_eq!(marked(&text, "S15 "), ["2.5"], "{text}");
    assert_eq!(marked(&text, "SUM "), ["40e00100"], "{text}");
    let rest: Vec<String> = lines.by_ref().lines().map(Result::unwrap).collect();
    let last = rest.last().unwrap();
    assert!(last.starts_with("4 time steps") && !last.ends_with(&hash("4")), "{last}\n{text}");
    assert_eq!(server.0.wait().unwrap().code(), Some(0));
    let again = Command::new(env!("CARGO_BIN_EXE_spinntui"))
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args(["replay", file])
        .output()
        .unwrap();
    let said = String::from_utf8(again.stderr).unwrap();
    assert!(
        again.status.success() && said.contains("the final state equals the recorded one"),
        "{said}\n{text}"
    );
}

/// gdb asks for the last packet again while a long command runs.
#[test]
fn requests_to_send_again_do_not_end_the_connection() {
    let (mut server, mut lines, place) = server(&[]);
    let mut client = TcpStream::connect(&place).unwrap();
    let mut reader = BufReader::new(client.try_clone().unwrap());
    let mut answer = |packet: &str, then: &str| {
        let sum = packet.bytes().fold(0_u8, u8::wrapping_add);
        client.write_all(format!("-+-${packet}#{sum:02x}{then}").as_bytes()).unwrap();
        let mut body = Vec::new();
        reader.read_until(b'$', &mut body).unwrap();
        body.clear();
        reader.read_until(b'#', &mut body).unwrap();
        reader.read_exact(&mut [0; 2]).unwrap();
        String::from_utf8(body).unwrap().trim_end_matches('#').to_owned()
    };
    assert!(answer("qSupported:multiprocess+", "-").contains("PacketSize"));
    let stopped = answer("?", "--");
    let (_, thread) = stopped.split_once("thread:").unwrap();
    let thread = thread.split(';').next().unwrap();
    // A step to the first instruction of the next call, during which requests arrive.
    let stopped = answer(&format!("vCont;s:{thread};c:p1.-1"), "--");
    assert!(stopped.starts_with('T'), "{stopped}");
    assert_eq!(answer("D;1", ""), "OK");
    let rest: Vec<String> = lines.by_ref().lines().map(Result::unwrap).collect();
    assert!(rest.iter().any(|line| line == "gdb detached"), "{rest:?}");
    assert_eq!(server.0.wait().unwrap().code(), Some(0));
}

#[test]
fn a_port_in_use_is_bad_input_and_only_the_loopback_listens() {
    let (_server, _lines, place) = server(&[]);
    assert!(place.starts_with("127.0.0.1:"), "{place}");
    let port = place.rsplit(':').next().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_spinntui"));
    command.current_dir(env!("CARGO_MANIFEST_DIR")).args(["gdb", SCENE, "--port", port]);
    let out = command.output().unwrap();
    assert_eq!(out.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&out.stderr).contains("cannot listen on 127.0.0.1"), "{out:?}");
}
