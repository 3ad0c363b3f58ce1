#!/bin/sh
# Compiles every kernel here to a listing, beside its source or in the folder given as first argument.
# The flags are those of the chip's low-level software (spinn2_common.mk), plus: no contraction (a fused multiply-add
# changes results, so the source says where it wants one), and what keeps a listing to the code itself.
set -eu
here=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd)
out=${1:-$here}
cd "$here"
flags='-O2 -ffunction-sections -mcpu=cortex-m4 -mfpu=fpv4-sp-d16 -mfloat-abi=hard -mthumb
    -fsingle-precision-constant -ffp-contract=off -ffreestanding -fno-asynchronous-unwind-tables -Wall -Wextra -Werror'
set --
for source in *.c; do
    # shellcheck disable=SC2086 # flags are words
    arm-none-eabi-gcc $flags -S "$source" -o "$out/${source%.c}.s"
    [ "$source" = pointwise_always.c ] || set -- "$@" "$source"
done
# The same as machine code with lines for debuggers, linked to where it lies in a PE's SRAM. Lines change no instruction.
# shellcheck disable=SC2086
arm-none-eabi-gcc $flags -g -gno-record-gcc-switches -ffile-prefix-map="$here"=assets/kernels -nostdlib -Wl,-T,kernels.ld -Wl,--build-id=none \
    "$@" -o "$out/kernels.elf"
# What only the PEs of some networks run, between these and the room for own kernels.
# shellcheck disable=SC2086
arm-none-eabi-gcc $flags -g -gno-record-gcc-switches -ffile-prefix-map="$here"=assets/kernels -nostdlib -Wl,-T,own.ld \
    -Wl,--section-start=.text=0x2680 -Wl,--build-id=none pointwise_always.c -o "$out/pointwise_always.elf"
# The worked example of a kernel of one's own (docs/own-kernels.md).
mkdir -p "$out/own"
arm-none-eabi-gcc -mcpu=cortex-m4 -mfpu=fpv4-sp-d16 -mfloat-abi=hard -mthumb -nostdlib -Wl,-T,own.ld -Wl,--build-id=none \
    own/columns.s -o "$out/own/columns.elf"
