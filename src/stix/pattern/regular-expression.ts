/**
 * A look at the regular expressions of MATCHES (STIX 2.1 section 9.6.1, PCRE) that never runs them:
 * what cannot be one, and what may take a backtracking engine very long.
 */

const LENGTH_MAX = 4096;

/** Why the expression is doubtful, or undefined. Linear in its length. */
export function doubtfulExpression(source: string): string | undefined {
  if (source.length > LENGTH_MAX) return `is longer than ${LENGTH_MAX} characters`;
  return new ExpressionReader(source).read();
}

interface Group {
  /** Whether something inside repeats without bound. */
  repeats: boolean;
}

class ExpressionReader {
  private readonly source: string;
  private at = 0;
  private readonly groups: Group[] = [];
  /** What a quantifier would repeat: nothing, a single thing, or a group that has just closed. */
  private last: 'nothing' | 'atom' | Group = 'nothing';

  constructor(source: string) {
    this.source = source;
  }

  read(): string | undefined {
    while (this.at < this.source.length) {
      const doubt = this.step(this.source[this.at] ?? '');
      if (doubt !== undefined) return doubt;
    }
    return this.groups.length > 0 ? "has a '(' that is not closed" : undefined;
  }

  private step(char: string): string | undefined {
    this.at += 1;
    if (char === '\\') return this.escape();
    if (char === '[') return this.characterClass();
    if (char === '(') return this.open();
    if (char === ')') return this.close();
    if (char === '*' || char === '+' || char === '?') return this.quantifier(char !== '?');
    if (char === '{') return this.braces();
    this.last = char === '|' || char === '^' ? 'nothing' : 'atom';
    return undefined;
  }

  private escape(): string | undefined {
    if (this.at >= this.source.length) return 'ends with a backslash';
    this.at += 1;
    this.last = 'atom';
    return undefined;
  }

  private characterClass(): string | undefined {
    if (this.source[this.at] === '^') this.at += 1;
    // A bracket that comes first stands for itself.
    if (this.source[this.at] === ']') this.at += 1;
    for (; this.at < this.source.length; this.at += 1) {
      const char = this.source[this.at];
      if (char === '\\') this.at += 1;
      else if (char === ']') {
        this.at += 1;
        this.last = 'atom';
        return undefined;
      }
    }
    return "has a '[' that is not closed";
  }

  private open(): undefined {
    this.groups.push({ repeats: false });
    if (this.source[this.at] === '?') this.at += 1;
    this.last = 'nothing';
  }

  private close(): string | undefined {
    const group = this.groups.pop();
    if (!group) return "has a ')' without '('";
    const outer = this.groups.at(-1);
    if (outer && group.repeats) outer.repeats = true;
    this.last = group;
    return undefined;
  }

  private braces(): string | undefined {
    const bounds = /[0-9]{1,9}(,[0-9]{0,9})?\}/y;
    bounds.lastIndex = this.at;
    const found = bounds.exec(this.source);
    if (!found) {
      this.last = 'atom';
      return undefined;
    }
    this.at = bounds.lastIndex;
    return this.quantifier(found[1] === ',');
  }

  private quantifier(isUnbounded: boolean): string | undefined {
    if (this.last === 'nothing') return 'repeats nothing';
    const next = this.source[this.at];
    if (next === '?' || next === '+') this.at += 1;
    if (!isUnbounded) return undefined;
    if (this.last !== 'atom' && this.last.repeats) return 'repeats a repetition, which may be slow';
    const group = this.groups.at(-1);
    if (group) group.repeats = true;
    return undefined;
  }
}
