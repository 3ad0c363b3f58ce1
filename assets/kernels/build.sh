#!/bin/sh
# Compiles every kernel here to a listing, beside its source or in the folder given as first argument.
# The flags are those of the chip's low-level software (spinn2_common.mk), plus: no contraction (a fused multiply-add
# changes results, so the source says where it wants one), and what keeps a listing to the code itself.
set -eu
here=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd)
out=${1:-$here}
cd "$here"
for source in *.c; do
    arm-none-eabi-gcc -O2 -ffunction-sections -mcpu=cortex-m4 -mfpu=fpv4-sp-d16 -mfloat-abi=hard -mthumb \
        -fsingle-precision-constant -ffp-contract=off -ffreestanding -fno-asynchronous-unwind-tables \
        -Wall -Wextra -Werror -S "$source" -o "$out/${source%.c}.s"
done
