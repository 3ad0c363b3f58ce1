"""Frames of an AEDAT 3.1 recording, made with numpy by tonic's rules: what tests/it/recordings.rs compares with.

    python3 reference.py right_hand_wave_real_events.aedat
"""

import hashlib
import sys

import numpy as np

SLICE, BIN, SCALE, SIDE = 1_700_000, 25_000, 18.5, 128


def read(path):
    data = open(path, "rb").read()
    place = data.index(b"#!END-HEADER\r\n") + 14
    words = []
    while place < len(data):
        header = np.frombuffer(data, "<i4", 7, place)
        overflow, number = int(header[3]), int(header[5])
        packet = np.frombuffer(data, "<u4", 2 * number, place + 28).reshape(-1, 2).astype(np.int64)
        packet[:, 1] += overflow << 31
        words.append(packet)
        place += 28 + 8 * number
    word, t = np.concatenate(words).T
    return word >> 17, word >> 2 & 0x7FFF, word >> 1 & 1, t


def main():
    x, y, p, t = read(sys.argv[1])
    digest, slices, frames = hashlib.sha256(), 0, []
    for start in t[0] + SLICE * np.arange((t[-1] - t[0] - SLICE) // SLICE + 1):
        begin, end = np.searchsorted(t, [start, start + SLICE])
        st, sx, sy, sp = (a[begin:end] for a in (t, x, y, p))
        count = max((st[-1] - st[0] - BIN) // BIN + 1, 1)
        volume = np.zeros((count, 2, SIDE, SIDE), np.int16)
        for k in range(count):
            a, b = np.searchsorted(st, [st[0] + k * BIN, st[0] + (k + 1) * BIN])
            np.add.at(volume[k], (sp[a:b], sy[a:b], sx[a:b]), 1)
        scaled = volume.astype(np.float32) / np.float32(SCALE)
        pooled = scaled.reshape(count, 2, 32, 4, 32, 4).max(axis=(3, 5))
        digest.update(pooled.mean(axis=1, dtype=np.float32).astype("<f4").tobytes())
        slices += 1
        frames.append(int(count))
    print(slices, frames, digest.hexdigest())


main()
