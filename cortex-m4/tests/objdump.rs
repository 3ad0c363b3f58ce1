//! The decoder's text against `arm-none-eabi-objdump`, on all kernels of `assets/kernels` and
//! on plain C.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use std::path::{Path, PathBuf};
use std::process::Command;

use spinntui_cortex_m4::{Cond, Op, decode};

const FLAGS: [&str; 10] = [
    "-O2",
    "-mcpu=cortex-m4",
    "-mfpu=fpv4-sp-d16",
    "-mfloat-abi=hard",
    "-mthumb",
    "-fsingle-precision-constant",
    "-ffp-contract=off",
    "-ffreestanding",
    "-fno-math-errno",
    "-c",
];

fn there(tool: &str) -> bool {
    let found = Command::new(tool).arg("--version").output().is_ok_and(|out| out.status.success());
    if !found {
        eprintln!("SKIPPED: {tool} is not installed (Debian: gcc-arm-none-eabi)");
    }
    found
}

fn kernels() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../assets/kernels");
    let mut found: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|ext| ext == "c"))
        .collect();
    found.push(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/c/plain.c"));
    found
}

/// One text for what can be written in several ways.
fn normal(text: &str) -> String {
    let (text, comment) = text.split_once('@').unwrap_or((text, ""));
    let text = text.split(';').next().unwrap().split('<').next().unwrap();
    let text = text.replace('\t', " ").replace(", ", ",");
    let (mnemonic, operands) = text.trim().split_once(' ').unwrap_or((text.trim(), ""));
    let mnemonic = mnemonic.trim_end_matches(".w").trim_end_matches(".n");
    let mut operands: Vec<String> = operands.split(',').map(|part| part.trim().to_owned()).collect();
    let list = operands.first().is_some_and(|first| first == "sp!");
    let mut mnemonic = match mnemonic {
        "stmdb" if list => "push",
        "ldmia" if list => "pop",
        "movw" => "mov",
        "addw" => "add",
        "subw" => "sub",
        other => other,
    }
    .to_owned();
    if mnemonic == "bl" {
        // What is called is settled by the linker.
        operands.clear();
    }
    if list && matches!(mnemonic.as_str(), "push" | "pop") {
        operands.remove(0);
    }
    let float =
        mnemonic.starts_with("vmov") && mnemonic.split_once('.').is_some_and(|(_, kind)| kind == "f32");
    for part in operands.iter_mut().filter(|part| part.starts_with('#') || part.starts_with("lsl #")) {
        let (name, tail) = part.split_once('#').unwrap();
        let (number, rest) = tail.find(']').map_or((tail, ""), |at| tail.split_at(at));
        let bits = comment
            .split_whitespace()
            .next()
            .and_then(|hex| u32::from_str_radix(hex.strip_prefix("0x")?, 16).ok());
        let number = match number.parse::<i64>() {
            _ if float => bits.map_or_else(|| number.to_owned(), |bits| f32::from_bits(bits).to_string()),
            Ok(number) => (number as u32 as i32).to_string(),
            Err(_) => number.to_owned(),
        };
        *part = format!("{name}#{number}{rest}");
    }
    let mut operands = operands.join(",").replace(",#0]", "]");
    // `mov d, m, lsl #n` is also written `lsl d, m, #n`.
    if mnemonic.starts_with("mov")
        && let Some((front, (shift, amount))) =
            operands.rsplit_once(',').and_then(|(front, last)| Some((front, last.split_once(' ')?)))
    {
        mnemonic = mnemonic.replacen("mov", shift, 1);
        operands = format!("{front},{amount}");
    }
    // `add d, m` is short for `add d, d, m`.
    let parts: Vec<String> = operands.split(',').map(str::to_owned).collect();
    let short = ["add", "sub", "and", "orr", "eor", "bic", "adc", "sbc", "lsl", "lsr", "asr", "ror", "mul"];
    let named = mnemonic.get(..3).is_some_and(|stem| short.contains(&stem));
    if named && parts.len() == 2 {
        operands = format!("{},{},{}", parts[0], parts[0], parts[1]);
    }
    if mnemonic.starts_with("mul") && parts.len() == 3 && parts[0] == parts[2] {
        operands = format!("{},{},{}", parts[0], parts[0], parts[1]);
    }
    format!("{mnemonic} {operands}").trim().to_string()
}

#[test]
fn text_is_that_of_objdump_on_all_kernels_and_on_plain_c() {
    if !there("arm-none-eabi-gcc") || !there("arm-none-eabi-objdump") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let mut compared = 0;
    let mut wrong = Vec::new();
    for source in kernels() {
        let object = folder.path().join("object.o");
        let compiled = Command::new("arm-none-eabi-gcc")
            .args(FLAGS)
            .arg(&source)
            .arg("-o")
            .arg(&object)
            .status()
            .unwrap();
        assert!(compiled.success());
        let out = Command::new("arm-none-eabi-objdump").arg("-d").arg(&object).output().unwrap();
        let mut it = 0_u8;
        for line in String::from_utf8(out.stdout).unwrap().lines() {
            let parts: Vec<&str> = line.splitn(3, '\t').collect();
            let [address, bytes, text] = parts[..] else { continue };
            if text.starts_with('.') {
                continue; // a literal pool or a table
            }
            let address = u32::from_str_radix(address.trim().trim_end_matches(':'), 16).unwrap();
            let halves: Vec<u16> =
                bytes.split_whitespace().map(|half| u16::from_str_radix(half, 16).unwrap()).collect();
            let Some(decoded) = decode(halves[0], halves.get(1).copied().unwrap_or(0)) else {
                wrong.push(format!("{}: not decoded: {line}", source.display()));
                continue;
            };
            assert_eq!(usize::from(decoded.instruction.size), 2 * halves.len(), "{line}");
            let cond = if it == 0 { Cond::Always } else { Cond::of(it >> 4) };
            let ours = normal(&decoded.instruction.text(address, cond));
            let theirs = normal(text);
            // Relocations are not applied in an object file, and targets need no check there.
            if ours != theirs {
                wrong.push(format!("{}: {line}\n   ours {ours}\n   theirs {theirs}", source.display()));
            }
            it = match decoded.instruction.op {
                Op::IfThen { first, mask } => first << 4 | mask,
                _ if it.trailing_zeros() >= 3 => 0,
                _ => it & 0xE0 | it << 1 & 0x1F,
            };
            compared += 1;
        }
    }
    assert!(wrong.is_empty(), "{} of {compared} differ:\n{}", wrong.len(), wrong.join("\n"));
    assert!(compared > 2000, "{compared}");
}
