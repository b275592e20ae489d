"""Reads a small part of the language of /bin/sh: quotes, variables, redirections, here-documents, `;` `|` `&&` `||`.

No loops, no functions, no substitution: those are a syntax error, said aloud, rather than something half understood.
"""

import re
from dataclasses import dataclass

TOKEN = re.compile(r"(?P<blank>[ \t]+|\\\n|#.*)|(?P<op>\n|;|\|\||\||&&|\d?(?:<<-?|>&|<&|>>|>|<))|(?P<other>[&()`])")
VARIABLE = re.compile(r"\$(?:\{(\w+)\}|(\w+)|([?$#]))")
PLAIN = re.compile(r"[^\s;|<>&()`'\"\\$]+")
ASSIGNMENT = re.compile(r"([A-Za-z_]\w*)=")


class ShellSyntaxError(ValueError):
    """Something this shell does not read."""


class Unfinished(ShellSyntaxError):
    """The text ends within quotes or a here-document: more may follow."""


@dataclass(frozen=True)
class Part:
    """A piece of a word: text as it stands, or the name of a variable."""

    text: str
    variable: bool = False


@dataclass(frozen=True)
class Word:
    """Pieces to be joined. `quoted`: it stays a word even when it is empty."""

    parts: tuple[Part, ...]
    quoted: bool = False

    @property
    def plain(self) -> str:
        """The text as written, for what is looked at before variables are known."""
        return "".join(part.text for part in self.parts)


@dataclass(frozen=True)
class Redirect:
    """`2>&1` is (2, ">&", "1"); a here-document is (0, "<<", its end mark), its text in `body`."""

    fd: int
    operator: str
    target: Word
    body: tuple[str, ...] | list[str] = ()
    """Filled in when the line has ended: the text stands after it."""


@dataclass(frozen=True)
class Simple:
    """One command with its assignments and redirections."""

    words: tuple[Word, ...]
    redirects: tuple[Redirect, ...] = ()


@dataclass(frozen=True)
class Step:
    """A pipeline and what stands before it: `;`, `&&` or `||`."""

    connector: str
    commands: tuple[Simple, ...]


class _Reader:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.heredocs: list[tuple[Word, list[str]]] = []

    def operator(self) -> str:
        """The operator at the cursor, "" for a word, after any blanks; "end" at the end."""
        while (found := TOKEN.match(self.text, self.at)) and found["blank"]:
            self.at = found.end()
        if self.at >= len(self.text):
            return "end"
        if found and found["other"]:
            raise ShellSyntaxError(f'"{found["other"]}" unexpected')
        return found["op"] if found else ""

    def take(self, operator: str) -> None:
        self.at += len(operator)
        if operator == "\n":
            for word, body in self.heredocs:
                body.append(self._heredoc(word.plain))
            self.heredocs.clear()

    def _heredoc(self, mark: str) -> str:
        end = re.compile(rf"^{re.escape(mark)}$", re.MULTILINE).search(self.text, self.at)
        if end is None:
            raise Unfinished("Unterminated here-document")
        body = self.text[self.at : end.start()]
        self.at = end.end() + 1
        return body

    def word(self) -> Word:
        parts: list[Part] = []
        quoted = False
        while self.at < len(self.text):
            char = self.text[self.at]
            if char in " \t\n;|<>":
                break
            if char in "&()`":
                raise ShellSyntaxError(f'"{char}" unexpected')
            if char in "'\"":
                quoted = True
                parts += self._single() if char == "'" else self._double()
            else:
                parts.append(self._bare(char))
        return Word(tuple(parts), quoted)

    def _plain(self) -> str:
        """Text without a meaning of its own, as far as it goes; at least one character."""
        found = PLAIN.match(self.text, self.at)
        text = found[0] if found else self.text[self.at]
        self.at += len(text)
        return text

    def _single(self) -> list[Part]:
        end = self.text.find("'", self.at + 1)
        if end < 0:
            raise Unfinished("Unterminated quoted string")
        text = self.text[self.at + 1 : end]
        self.at = end + 1
        return [Part(text)]

    def _double(self) -> list[Part]:
        parts: list[Part] = []
        self.at += 1
        while self.at < len(self.text) and self.text[self.at] != '"':
            char = self.text[self.at]
            if char == "\\" and self.text[self.at + 1 : self.at + 2] not in ('"', "\\", "$", "`"):
                self.at += 1
                parts.append(Part("\\"))
            else:
                parts.append(self._bare(char))
        if self.at >= len(self.text):
            raise Unfinished("Unterminated quoted string")
        self.at += 1
        return parts

    def _bare(self, char: str) -> Part:
        if char == "\\":
            self.at += 2
            return Part(self.text[self.at - 1 : self.at])
        if char == "$" and (found := VARIABLE.match(self.text, self.at)):
            self.at = found.end()
            return Part(found[1] or found[2] or found[3], variable=True)
        if self.text.startswith("$(", self.at):
            raise ShellSyntaxError('"(" unexpected')
        return Part(self._plain())


def parse(text: str) -> list[Step]:
    """The whole script. Raises ShellSyntaxError."""
    reader = _Reader(text)
    steps: list[Step] = []
    connector = ";"
    while (operator := reader.operator()) != "end":
        if operator in ("\n", ";"):
            reader.take(operator)
            continue
        if operator in ("|", "||", "&&"):
            raise ShellSyntaxError(f'"{operator}" unexpected')
        steps.append(Step(connector, _pipeline(reader)))
        connector = reader.operator()
        if connector in ("&&", "||"):
            reader.take(connector)
            while reader.operator() == "\n":
                reader.take("\n")
        else:
            connector = ";"
    return steps


def _pipeline(reader: _Reader) -> tuple[Simple, ...]:
    commands = [_simple(reader)]
    while reader.operator() == "|":
        reader.take("|")
        commands.append(_simple(reader))
    return tuple(commands)


def _simple(reader: _Reader) -> Simple:
    words: list[Word] = []
    redirects: list[Redirect] = []
    while (operator := reader.operator()) not in ("\n", ";", "|", "||", "&&", "end"):
        if operator:
            redirects.append(_redirect(reader, operator))
        else:
            words.append(reader.word())
    return Simple(tuple(words), tuple(redirects))


def _redirect(reader: _Reader, operator: str) -> Redirect:
    reader.take(operator)
    kind = operator.lstrip("0123456789")
    fd = int(operator[0]) if operator[0].isdigit() else (0 if kind[0] == "<" else 1)
    if reader.operator():
        raise ShellSyntaxError("Syntax error: redirection without a target")
    word = reader.word()
    if not kind.startswith("<<"):
        return Redirect(fd, kind, word)
    body: list[str] = []
    reader.heredocs.append((word, body))
    return Redirect(fd, "<<", word, body)
