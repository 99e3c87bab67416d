"""Checks README.md, CONTRIBUTING.md, CHANGELOG.md and docs/: links, lengths, and every example as it is printed.

    docs_check.py BROWNOUT ROOT                checks the repository's pages, and that they cover all faults, presets and match keys
    docs_check.py BROWNOUT ROOT PAGE...        checks only these pages, with paths from ROOT
    docs_check.py BROWNOUT ROOT --no-run       runs no script: checks syntax, files and options only

Examples are fenced blocks. The blocks of a page run in order, in one temporary folder with a link to `examples`. The
language of a block decides how it is checked:

    toml     a rule file that `brownout check` accepts
    sh       a script whose exit code is 0
    console  commands after "$ ", each followed by its output; "..." stands for any text; a command that fails is
             followed by `$ echo $?`
    json     a JSON text
    text, cpp  not checked

An HTML comment before a block gives this script information that the page does not show:

    <!-- example: save rules.toml -->      the block is a file that later blocks use
    <!-- example: append rules.toml -->    the block is checked after appending it to a saved block or a file of ROOT
    <!-- example: exec -->                 the block is a rule file for `brownout exec`
    <!-- example: wrong -->                `brownout check` must report an error in the block
    <!-- example: background 1884 -->      the script runs until the page ends; the next block waits for the port
    <!-- example: numbers vary -->         numbers in the output are compared by magnitude, and spaces are ignored
    <!-- example: send POST /api/v1/rules -->  the JSON is a request that the page's own Brownout accepts
    <!-- example: not run: REASON -->      only its syntax, its files and the options of brownout are checked

Several are separated by ", ".
"""
import functools
import json
import os
import pathlib
import re
import shlex
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

LONGEST_README = 200
LONGEST_PAGE = 150
TIMEOUT = 60
LANGUAGES = ("toml", "sh", "console", "json", "text", "cpp")
IN_REPOSITORY = re.compile(r"^(?:\./)?((?:examples|docs|tests|bench|rules|proxy|\.ci)/[\w./-]*\w)$")


class Mistake(Exception):
    pass


# --- Markdown ---

class Block:
    def __init__(self, language, text, line, directives):
        self.language, self.text, self.line = language, text, line
        self.reason = None
        self.words = {}
        for directive in directives:
            if directive.startswith("not run:"):
                self.reason = directive[len("not run:"):].strip()
                continue
            name, _, value = directive.partition(" ")
            self.words[name] = value.strip()

    def has(self, name):
        return name in self.words


class Page:
    def __init__(self, root, path):
        self.root, self.path = root, path
        self.lines = (root / path).read_text().splitlines()
        self.blocks, self.prose = [], []  # prose: pairs of line number and text outside of blocks
        self.parse()

    def parse(self):
        directives, fence, opened, text = [], None, 0, []
        for number, line in enumerate(self.lines, 1):
            if fence is not None:
                if line.strip() == "```":
                    self.blocks.append(Block(fence, "\n".join(text) + "\n", opened, directives))
                    directives, fence, text = [], None, []
                else:
                    text.append(line)
                continue
            comment = re.fullmatch(r"<!-- example: (.*?) -->", line.strip())
            if comment:
                directives = split_directives(comment.group(1))
            elif line.startswith("```"):
                fence, opened = line[3:].strip(), number
            else:
                if line.strip() and directives:
                    raise Mistake(f"{self.path}:{number}: an example's comment without a block behind it")
                self.prose.append((number, line))
        if fence is not None:
            raise Mistake(f"{self.path}:{opened}: this block does not end")

    @functools.cached_property
    def anchors(self):
        seen, anchors = {}, set()
        for _, line in self.prose:
            heading = re.match(r"#{1,6} (.*)", line)
            if not heading:
                continue
            slug = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading.group(1)).strip().lower()
            slug = re.sub(r"[^\w\- ]", "", slug).replace(" ", "-")
            count = seen.get(slug, 0)
            seen[slug] = count + 1
            anchors.add(slug if count == 0 else f"{slug}-{count}")
        return anchors

    def links(self):
        for number, line in self.prose:
            for target in re.findall(r"\]\(([^()\s]+)\)", re.sub(r"`[^`]*`", "``", line)):
                yield number, target

    def code_spans(self):
        for number, line in self.prose:
            for span in re.findall(r"`([^`]+)`", line):
                yield number, span


def split_directives(text):
    reason = text.find("not run:")
    if reason >= 0:
        return [part for part in text[:reason].split(", ") if part.strip(", ")] + [text[reason:]]
    return text.split(", ")


# --- links and lengths ---

def check_links(page, pages):
    for number, target in page.links():
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        where = os.path.normpath(page.path.parent / path) if path else str(page.path)
        if not (page.root / where).exists():
            yield f"{page.path}:{number}: there is no {where}"
        elif anchor:
            other = pages.get(where) or Page(page.root, pathlib.Path(where))
            if anchor not in other.anchors:
                yield f"{page.path}:{number}: {where} has no heading #{anchor}"


def check_sources(page):
    """Checks that the files named in architecture.md and CONTRIBUTING.md exist, with or without extension."""
    if page.path.name not in ("architecture.md", "CONTRIBUTING.md"):
        return
    for number, span in page.code_spans():
        if re.fullmatch(r"(rules|proxy|tests|docs|bench|examples)/[\w./-]*", span) and "NAME" not in span:
            if not any((page.root / (span + end)).exists() for end in ("", ".h", ".cpp")):
                yield f"{page.path}:{number}: there is no {span}"


def check_lengths(page):
    short = page.path.name not in ("reference.md", "comparison.md", "CHANGELOG.md", "CONTRIBUTING.md")
    limit = LONGEST_README if str(page.path) == "README.md" else LONGEST_PAGE
    if short and len(page.lines) > limit:
        yield f"{page.path}: {len(page.lines)} lines, at most {limit}"


# --- command lines, without running them ---

class CommandLines:
    """Knows the commands and options of brownout, which it reads from --help."""

    def __init__(self, brownout):
        self.brownout = brownout

    @functools.cache
    def help(self, *command):
        """Returns the options of a command, each with whether it takes a value, and its subcommands."""
        text = subprocess.run([self.brownout, *command, "--help"], capture_output=True, text=True, check=True).stdout
        options = {}
        for names, value in re.findall(r"^  (-[\w,-]+)( (?:TEXT|INT|UINT|FLOAT)\S*)?", text, re.M):
            options.update({name: bool(value) for name in names.split(",")})
        below = text.partition("Subcommands:\n")[2]
        return options, set(re.findall(r"^  (\w[\w-]*)", below, re.M))

    def check(self, words):
        """Returns the error in the words after `brownout`, or None."""
        command = []
        known, below = self.help()
        while below and words and not words[0].startswith("-"):
            if words[0] not in below:
                return f"{' '.join(['brownout', *command])} has no command {words[0]}"
            command, words = command + [words[0]], words[1:]
            options, below = self.help(*command)
            known = {**known, **options}
        name = " ".join(["brownout", *command])
        value = False
        for word in words:
            if value:
                value = False
            elif word == "--":
                return None
            elif word.startswith("-") and word != "-":
                option = word.split("=")[0]
                if command == ["toxiproxy"] and not option.startswith("--"):
                    option = "-" + option
                if option not in known:
                    return f"{name} has no option {word}"
                value = known[option] and "=" not in word
        return f"{name}: the last option lacks its value" if value else None

    def check_script(self, page, line, text):
        for words in commands_of(text):
            for i, word in enumerate(words):
                path = IN_REPOSITORY.match(word)
                if path and not (page.root / path.group(1)).exists():
                    yield f"{page.path}:{line}: there is no {path.group(1)}"
                if word == "brownout" and all("=" in before or before in ("sudo", "exec") for before in words[:i]):
                    wrong = self.check(words[i + 1:])
                    if wrong:
                        yield f"{page.path}:{line}: {wrong}"


def commands_of(text):
    """Yields the simple commands of a script as lists of words. Skips the contents of here-documents."""
    text = re.sub(r"<<-?\s*['\"]?(\w+)['\"]?(.*?)\n.*?\n\1\n", r"\2\n", text, flags=re.S).replace("\\\n", " ")
    for line in text.splitlines():
        lexer = shlex.shlex(line, posix=True, punctuation_chars=True)
        lexer.commenters = "#"
        try:
            tokens = list(lexer)
        except ValueError:
            continue  # A quoted string spans several lines. bash -n has checked it.
        words = []
        for token in tokens + [";"]:
            if re.fullmatch(r"[();&|<>{}]+", token):
                if token not in ("<", ">", ">>"):
                    if words:
                        yield words
                    words = []
            else:
                words.append(token)


# --- examples ---

class Runner:
    """Runs the examples of a page in a temporary folder."""

    def __init__(self, page, brownout, lines, runs):
        self.page, self.lines, self.runs = page, lines, runs
        self.temporary = tempfile.TemporaryDirectory(prefix="brownout-docs.")
        self.folder = pathlib.Path(self.temporary.name)
        (self.folder / "bin").mkdir()
        (self.folder / "bin/brownout").symlink_to(brownout)
        if (page.root / "examples").exists():
            (self.folder / "examples").symlink_to(page.root / "examples")
        self.environment = {**os.environ, "PATH": f"{self.folder}/bin:{os.environ['PATH']}", "HOME": str(self.folder),
                            "LC_ALL": "C.UTF-8", "TMPDIR": str(self.folder), "NO_COLOR": "1"}
        self.background = []

    def close(self):
        for process, log in reversed(self.background):
            for number in (signal.SIGTERM, signal.SIGKILL):
                try:
                    os.killpg(process.pid, number)
                    process.wait(10)
                    break
                except ProcessLookupError:
                    break
                except subprocess.TimeoutExpired:
                    continue
            log.close()
        self.temporary.cleanup()

    def fail(self, block, text):
        raise Mistake(f"{self.page.path}:{block.line}: {text}")

    def run(self, block):
        if block.language not in LANGUAGES:
            self.fail(block, f"a block of {block.language or 'no language'}; this test knows {', '.join(LANGUAGES)}")
        if block.reason is not None and len(block.reason) < 8:
            self.fail(block, "an example that is not run needs a reason")
        unknown = set(block.words) - {"save", "append", "exec", "wrong", "background", "numbers", "send"}
        if unknown:
            self.fail(block, f"what is {unknown.pop()!r} of an example?")
        getattr(self, f"run_{block.language}", lambda _: None)(block)

    def run_toml(self, block):
        text = block.text
        if block.has("append"):
            name = block.words["append"]
            base = self.folder / name if (self.folder / name).exists() else self.page.root / name
            if not base.exists():
                self.fail(block, f"there is no {name} to append to")
            text = base.read_text() + "\n" + text
        path = self.folder / (block.words.get("save") or "block.toml")
        path.write_text(text)
        if block.reason is not None:
            return
        command = ["brownout", "check", path.name] + (["--exec"] if block.has("exec") else [])
        done = self.call(command)
        expected = 2 if block.has("wrong") else 0
        if done.returncode != expected:
            self.fail(block, f"{' '.join(command)} ends with {done.returncode}, not {expected}: {done.stdout}")
        if expected == 0 and "warning:" in done.stdout:
            self.fail(block, f"{' '.join(command)} warns: {done.stdout}")

    def run_json(self, block):
        try:
            json.loads(block.text)
        except ValueError as error:
            self.fail(block, f"no JSON: {error}")
        if block.has("save"):
            (self.folder / block.words["save"]).write_text(block.text)
        if not block.has("send") or not self.runs:
            return
        method, path = block.words["send"].split()
        request = urllib.request.Request(f"http://127.0.0.1:8474{path}", block.text.encode(), method=method,
                                         headers={"Content-Type": "application/json"})
        try:
            urllib.request.urlopen(request, timeout=10).close()
        except OSError as error:
            detail = error.read().decode() if hasattr(error, "read") else ""
            self.fail(block, f"{method} {path}: {error} {detail}")

    def run_sh(self, block):
        self.check_script(block, block.text)
        if block.has("save"):
            (self.folder / block.words["save"]).write_text(block.text)
        if block.reason is not None or not self.runs:
            return
        script = self.folder / "block.sh"
        script.write_text("set -euo pipefail\n" + block.text)
        if block.has("background"):
            return self.start(block, f"set -euo pipefail\n{block.text}")
        done = self.call(["bash", script.name])
        if done.returncode != 0:
            self.fail(block, f"it ends with {done.returncode}: {done.stdout}")

    def run_console(self, block):
        commands, outputs = [], []
        for line in block.text.splitlines():
            if line.startswith("$ "):
                commands.append(line[2:])
                outputs.append([])
            elif line.startswith("> ") and commands and not outputs[-1]:
                commands[-1] += "\n" + line[2:]
            elif commands:
                outputs[-1].append(line)
            else:
                self.fail(block, "it does not begin with a command ($ ...)")
        self.check_script(block, "\n".join(commands) + "\n")
        if block.reason is not None or not self.runs:
            return
        script = ["set -o pipefail", "status=0"]
        for i, command in enumerate(commands):
            script.append(f"(exit $status); eval {shlex.quote(command)} >out.{i} 2>&1; status=$?; echo $status >code.{i}")
        (self.folder / "block.sh").write_text("\n".join(script) + "\n")
        done = self.call(["bash", "block.sh"])
        if done.stdout:
            self.fail(block, done.stdout)
        for i, command in enumerate(commands):
            got = (self.folder / f"out.{i}").read_text()
            code = (self.folder / f"code.{i}").read_text().strip()
            if code != "0" and (i + 1 == len(commands) or commands[i + 1] != "echo $?"):
                self.fail(block, f"{command}: it ends with {code}, which no `$ echo $?` shows: {got}")
            if not matches(outputs[i], got, block.has("numbers")):
                wanted = "\n".join(outputs[i])
                self.fail(block, f"{command}: it prints\n{got}\nand not\n{wanted}")

    def check_script(self, block, text):
        done = subprocess.run(["bash", "-n"], input=text, text=True, capture_output=True)
        if done.returncode != 0:
            self.fail(block, f"bash cannot read it: {done.stderr}")
        for mistake in self.lines.check_script(self.page, block.line, text):
            raise Mistake(mistake)

    def call(self, command):
        return subprocess.run(command, cwd=self.folder, env=self.environment, text=True, timeout=TIMEOUT,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def start(self, block, script):
        log = open(self.folder / f"background.{len(self.background)}", "w+")
        process = subprocess.Popen(["bash", "-c", script], cwd=self.folder, env=self.environment, stdout=log,
                                   stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, start_new_session=True)
        self.background.append((process, log))
        ports = [int(block.words["background"])]
        # The API listens only after all listeners are open.
        if "brownout run" in script and "--api" not in script:
            ports.append(8474)
        end = time.monotonic() + 20
        while time.monotonic() < end and process.poll() is None:
            try:
                for port in ports:
                    socket.create_connection(("127.0.0.1", port), 1).close()
                return
            except OSError:
                time.sleep(0.05)
        log.seek(0)
        self.fail(block, f"nothing listens on one of the ports {ports}: {log.read()}")


def matches(wanted, got, numbers_vary):
    """Whether an output equals the printed one. "..." stands for any text in a line, or for any lines."""
    pattern, numbers = "", []
    number = re.compile(r"\d+(?:\.\d+)?")
    for line in wanted:
        if line.strip() == "...":
            pattern += r"(?:.*\n)*?"
            continue
        parts = []
        for part in line.rstrip().split("..."):
            if numbers_vary:
                numbers += [float(text) for text in number.findall(part)]
                part = number.sub("\0", re.sub(" +", " ", part))
            parts.append(re.escape(part).replace("\0", r"(\d+(?:\.\d+)?)").replace("\\ ", " +" if numbers_vary else " "))
        pattern += r".*?".join(parts) + r" *\n"
    found = re.fullmatch(pattern, got if got.endswith("\n") or not got else got + "\n")
    return found is not None and all(is_near(a, float(b)) for a, b in zip(numbers, found.groups()))


def is_near(a, b):
    """Whether two numbers have the same magnitude: a missing delay is not near a delay."""
    return abs(a - b) <= 0.2 or max(a, b) <= 3 * min(a, b)


# --- what the pages must cover ---

def section(page, heading):
    lines = iter(page.lines)
    for line in lines:
        if line == heading:
            break
    for line in lines:
        if line.startswith("## "):
            return
        yield line


def check_coverage(pages):
    reference = pages["docs/reference.md"]
    faults = {line[4:].strip() for line in section(reference, "## Faults") if line.startswith("### ")}
    keys = {match.group(1) for line in section(reference, "## match") if (match := re.match(r"\| `(\w+)` \|", line))}
    presets = {match.group(1) for line in section(reference, "## Presets") if (match := re.match(r"\| `([\w-]+)` \|", line))}
    named = {path: {span for _, span in page.code_spans()} for path, page in pages.items()}
    for name in sorted((faults | presets) - named["docs/faults.md"]):
        yield f"docs/faults.md: it does not name {name}, which the reference has"
    told = set().union(*(spans for path, spans in named.items() if path.startswith("docs/protocols/")))
    for name in sorted(keys - told - named["docs/matching.md"]):
        yield f"docs/matching.md: neither it nor a page of a protocol names the key {name} of match"
    for name in sorted(faults - told - named["docs/firewalls.md"] - named["docs/overload.md"]):
        yield f"docs/protocols: no page tells of the fault {name}"
    linked = {os.path.normpath(f"docs/{target.partition('#')[0]}") for _, target in pages["docs/README.md"].links()}
    linked |= {os.path.normpath(f"docs/decisions/{target}") for _, target in pages["docs/decisions/README.md"].links()}
    for path in sorted(set(pages) - linked):
        if path.startswith("docs/") and path != "docs/README.md":
            yield f"docs/README.md: no link leads to {path}"


def main():
    brownout, root = os.path.realpath(sys.argv[1]), pathlib.Path(os.path.realpath(sys.argv[2]))
    runs = "--no-run" not in sys.argv
    wanted = [pathlib.Path(path) for path in sys.argv[3:] if path != "--no-run"]
    everything = not wanted
    if everything:
        wanted = [pathlib.Path(name) for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")]
        wanted += sorted(path.relative_to(root) for path in (root / "docs").rglob("*.md"))
    mistakes, blocks, exceptions = [], 0, 0
    pages = {}
    for path in wanted:
        try:
            pages[str(path)] = Page(root, path)
        except Mistake as mistake:
            mistakes.append(str(mistake))
    lines = CommandLines(brownout)
    for page in pages.values():
        mistakes += check_links(page, pages)
        mistakes += check_sources(page)
        mistakes += check_lengths(page)
        for number, span in page.code_spans():
            if span.startswith("brownout ") and not re.search(r"[|\[{]|\.\.\.", span):
                mistakes += lines.check_script(page, number, span)
    if everything:
        mistakes += check_coverage(pages)
    for page in pages.values():
        runner = Runner(page, brownout, lines, runs)
        try:
            for block in page.blocks:
                blocks += 1
                exceptions += block.reason is not None
                try:
                    runner.run(block)
                except Mistake as mistake:
                    mistakes.append(str(mistake))
                except subprocess.TimeoutExpired as error:
                    mistakes.append(f"{page.path}:{block.line}: it does not end within {TIMEOUT} s: {error.stdout}")
        finally:
            runner.close()
    for mistake in mistakes:
        print(mistake, file=sys.stderr)
    print(f"{len(pages)} pages, {blocks} blocks, {exceptions} of them not run, {len(mistakes)} mistakes")
    return 1 if mistakes else 0


if __name__ == "__main__":
    sys.exit(main())
