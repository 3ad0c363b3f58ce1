#!/usr/bin/env python3
"""Compiles every kernel of assets/kernels, calls it on QEMU's Cortex-M4 and compares with the emulator.

    cargo run --release --example kernel_vectors > /tmp/vectors.json
    assets/kernels/qemu/run.py /tmp/vectors.json

Compared are the words that each call leaves behind, bit for bit, and the number of instructions that it executes. QEMU
counts instructions, not cycles. Needs arm-none-eabi-gcc and qemu-system-arm. Prints a table in Markdown; the exit code is 1
if anything differs.
"""

import json
import re
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

HERE = Path(__file__).resolve().parent
KERNELS = HERE.parent
# As in ../build.sh, which says why; but -c for -S.
FLAGS = (
    "-O2 -ffunction-sections -mcpu=cortex-m4 -mfpu=fpv4-sp-d16 -mfloat-abi=hard -mthumb -fsingle-precision-constant "
    "-ffp-contract=off -ffreestanding -fno-asynchronous-unwind-tables -Wall -Wextra -Werror"
).split()
# QEMU has none of the chip's devices: they become plain memory, at addresses that take as many instructions to make.
DEVICES = {0xE0100100: 0x20100100, 0xE1000000: 0x21000000, 0xE2000000: 0x20000000}
DEVICE_BYTES = 256
# Where link.ld puts the kernels, and how much of it QEMU is to log.
KERNELS_AT, KERNELS_BYTES = 0x300000, 0x10000


def moved(address):
    """An address as it is on QEMU."""
    for device, memory in DEVICES.items():
        if device <= address < device + DEVICE_BYTES:
            return memory + address - device
    return address


def is_nan(word):
    return word & 0x7FFFFFFF > 0x7F800000


def words(values):
    return "{" + ", ".join(f"{value:#x}" for value in values) + "}"


def cases_in_c(cases):
    """The cases as C arrays."""
    functions = sorted({case["function"] for case in cases})
    lines = ["#include <stdint.h>", "struct image { uint32_t address, count; const uint32_t *words; };"]
    lines.append("struct test { void *function; uint32_t argument[8]; const struct image *image; uint32_t images, result, results; };")
    lines += [f"extern void {function}(void);" for function in functions]
    rows = []
    for n, case in enumerate(cases):
        images = []
        for k, (address, values) in enumerate(case["memory"]):
            if values:
                lines.append(f"static const uint32_t words_{n}_{k}[] = {words(values)};")
                images.append(f"{{{moved(address):#x}, {len(values)}, words_{n}_{k}}}")
        lines.append(f"static const struct image image_{n}[] = {{{', '.join(images) or '{0, 0, 0}'}}};")
        result, count = case["results"]
        rows.append(
            f"{{(void *){case['function']}, {words(case['arguments'])}, image_{n}, {len(images)}, "
            f"{moved(result):#x}, {count}}}"
        )
    lines.append("const struct test test[] = {\n" + ",\n".join(rows) + "\n};")
    lines.append(f"const uint32_t tests = {len(cases)};")
    return "\n".join(lines) + "\n"


def build(folder, cases):
    """Compiles kernels, cases and harness; returns the ELF file."""
    registers = (KERNELS / "registers.h").read_text()
    for device, memory in DEVICES.items():
        name = f"0x{device:08X}u"
        assert name in registers, f"registers.h has no {name}"
        registers = registers.replace(name, f"0x{memory:08X}u")
    (folder / "registers.h").write_text(registers)
    (folder / "words.h").write_text((KERNELS / "words.h").read_text())
    (folder / "cases.c").write_text(cases_in_c(cases))
    (folder / "harness.c").write_text((HERE / "harness.c").read_text())
    objects = []
    for source in sorted(KERNELS.glob("*.c")) + [folder / "cases.c", folder / "harness.c"]:
        copy = folder / source.name
        if source.parent != folder:
            copy.write_text(source.read_text())
        devices = ", ".join(f"(volatile uint32_t *){memory:#x}u" for memory in DEVICES.values())
        # The harness's own loops must not become calls of memset, which is not there.
        own = [f"-DDEVICES={devices}", "-fno-tree-loop-distribute-patterns"] if source.name == "harness.c" else []
        target = folder / (source.stem + ".o")
        subprocess.run(["arm-none-eabi-gcc", *FLAGS, *own, "-c", copy.name, "-o", target.name], cwd=folder, check=True)
        objects.append(target.name)
    link = ["arm-none-eabi-gcc", *FLAGS, "-nostdlib", "-T", str(HERE / "link.ld"), *objects, "-o", "kernels.elf"]
    subprocess.run(link, cwd=folder, check=True)
    return folder / "kernels.elf"


def symbols(elf):
    """Functions by address: name and size."""
    listing = subprocess.run(["arm-none-eabi-nm", "-S", elf], capture_output=True, text=True, check=True).stdout
    found = {}
    for line in listing.splitlines():
        parts = line.split()
        if len(parts) == 4 and parts[2].lower() == "t":
            found[parts[3]] = (int(parts[0], 16) & ~1, int(parts[1], 16))
    return found


def run(folder, elf):
    """Runs it; the printed lines, and the addresses of the instructions executed among the kernels, in order."""
    log = folder / "qemu.log"
    command = (
        f"qemu-system-arm -M mps2-an386 -nographic -monitor none -serial none -kernel {elf} "
        f"-semihosting-config enable=on,target=native -singlestep -d exec,nochain "
        f"-dfilter {KERNELS_AT:#x}+{KERNELS_BYTES:#x} -D {log}"
    )
    done = subprocess.run(command.split(), capture_output=True, text=True, timeout=300)
    printed = (done.stdout + done.stderr).splitlines()
    if done.returncode != 0 or "fault" in printed:
        sys.exit(f"QEMU ended with {done.returncode}: {printed[-3:]}")
    place = re.compile(r"^Trace \d+: \S+ \[[0-9a-f]+/([0-9a-f]+)/")
    addresses = [int(found[1], 16) for line in log.open() if (found := place.match(line))]
    return printed, addresses


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    cases = json.loads(Path(sys.argv[1]).read_text())
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        elf = build(folder, cases)
        functions = symbols(elf)
        printed, addresses = run(folder, elf)
    counts, marker = [], functions["next_case"][0]
    inside = range(0)
    for address in addresses:
        if address == marker:
            start, size = functions[cases[len(counts)]["function"]]
            inside = range(start, start + size)
            counts.append(0)
        elif address in inside:
            counts[-1] += 1
    assert len(printed) == len(counts) == len(cases), (len(printed), len(counts), len(cases))

    rows, nans = {}, 0
    for case, line, count in zip(cases, printed, counts):
        row = rows.setdefault(case["function"], Counter())
        pairs = list(zip((int(word, 16) for word in line.split()), case["expected"], strict=True))
        same = all(qemu == ours or (is_nan(qemu) and is_nan(ours)) for qemu, ours in pairs)
        nans += sum(qemu != ours for qemu, ours in pairs if same)
        row.update(calls=1, ours=case["instructions"], qemu=count, same=int(same), words=case["results"][1])
        row["counted"] += count == case["instructions"]
        row["from"] = case["expected_from"]
    version = subprocess.run(["qemu-system-arm", "--version"], capture_output=True, text=True, check=True)
    print(version.stdout.splitlines()[0])
    print("\n| function | calls | instructions, emulator | instructions, QEMU | words compared | results equal | with |")
    print("|---|---|---|---|---|---|---|")
    for function, row in rows.items():
        print(
            f"| `{function}` | {row['calls']} | {row['ours']:,} | {row['qemu']:,} | {row['words']:,} "
            f"| {row['same']} of {row['calls']} | {row['from']} |"
        )
    good = all(row["same"] == row["calls"] == row["counted"] for row in rows.values())
    if nans:
        print(f"\n{nans} words are NaN in both, of different bits: which NaN an operation gives is the host's own.")
    print("\nEvery result and every count is the same." if good else "\nNOT everything is the same.")
    sys.exit(0 if good else 1)


main()
