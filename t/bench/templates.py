#!/usr/bin/python3
"""Renders the same templates with python3-jinja2 and with `flaskbase render --repeat`, in turns, and
compares processor times. Usage: templates.py FLASKBASE FOLDER [ROUNDS]"""
import json
import os
import re
import subprocess
import sys
import tempfile
import time

import jinja2

WORDS = "Lorem ipsum dolor sit amet, consetetur sadipscing elitr & sed diam. "


def contexts():
    config = {"APP_NAME": "Flaskbase & Co", "YEAR": 2026}
    menu = [{"href": "/%d?a=1&b=2" % i, "text": "Item <%d>" % i, "active": i == 2} for i in range(6)]
    base = {"config": config, "static": "/static/", "menu": menu}
    fields = [{"id": "f%d" % i, "name": "f%d" % i, "label": "Label %d" % i, "type": "text",
               "data": 'va"l%d' % i if i % 2 else "", "required": i < 2,
               "errors": ["This field is required."] if i == 1 else [],
               "description": "Some hint text" if i == 2 else "",
               "attrs": {"autocomplete": "on", "maxlength": "64"}} for i in range(5)]
    yield "login page", "login.html", dict(
        base, flashes=[["info", "Please log in"], ["warning", "Wrong <password>"]], fields=fields,
        token="x" * 64, lorem=WORDS * 30), 4000
    for rows in (100, 10000):
        users = [{"id": i, "first_name": "J\u00fcrgen %d" % i, "last_name": "O'Neill %d" % i,
                  "email": "user%d@example.org" % i, "confirmed": i % 3 > 0,
                  "role": {"name": "Administrator" if i % 7 == 0 else "User"}} for i in range(rows)]
        yield "table of %d rows" % rows, "table.html", dict(base, users=users), 100000 // rows
    yield "nested macros and loops", "macros_nested.html", {
        "rows": [[i * 7 + j for j in range(7)] for i in range(50)]}, 500
    yield "string-heavy filters", "strings.html", {"texts": [WORDS + str(i) for i in range(100)]}, 200


def main(command, folder, rounds=3):
    env = jinja2.Environment(loader=jinja2.FileSystemLoader(folder), autoescape=True)
    print("%-26s %12s %12s %7s" % ("", "jinja2", "flaskbase", "ratio"))
    worst = 0
    for title, name, context, count in contexts():
        template = env.get_template(name)
        expected = template.render(context)
        with tempfile.NamedTemporaryFile("w", suffix=".json", delete=False) as out:
            json.dump(context, out)
        args = [command, "render", name, "--templates", folder, "--context", out.name]
        same = subprocess.run(args, stdout=subprocess.PIPE, check=True).stdout.decode() == expected
        slow, fast = [], []
        for _ in range(rounds):
            start = time.process_time()
            for _ in range(max(1, count // 10)):
                template.render(context)
            slow.append((time.process_time() - start) / max(1, count // 10) * 1e6)
            text = subprocess.run(args + ["--repeat", str(count)], stdout=subprocess.PIPE,
                                  check=True).stdout.decode()
            fast.append(float(re.search(r"([\d.]+) us of processor", text).group(1)))
        os.unlink(out.name)
        print("%-26s %9.1f us %9.1f us %6.1fx%s" % (title, min(slow), min(fast), min(slow) / min(fast),
                                                   "" if same else "  OUTPUT DIFFERS"))
        worst |= not same
    return worst


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2], int(sys.argv[3]) if len(sys.argv) > 3 else 3))
