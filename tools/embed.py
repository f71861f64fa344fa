#!/usr/bin/env python3
"""Writes files as C arrays: embed.py OUTPUT NAME=FILE... gives `const unsigned char NAME[]` and `NAME_size` of each."""
import sys


def array(name, data):
    lines = ["const unsigned char %s[] = {" % name]
    for at in range(0, len(data), 20):
        lines.append("    " + "".join("%d," % byte for byte in data[at:at + 20]))
    return "\n".join(lines + ["};", "const size_t %s_size = sizeof %s;" % (name, name), ""])


def main():
    output, *pairs = sys.argv[1:]
    text = "/* Made by tools/embed.py. */\n#include \"cli/shipped_models.h\"\n\n"
    for pair in pairs:
        name, path = pair.split("=", 1)
        with open(path, "rb") as file:
            text += array(name, file.read())
    with open(output, "w", encoding="utf-8") as file:
        file.write(text)


if __name__ == "__main__":
    main()
