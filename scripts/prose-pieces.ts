/**
 * The prose of a file: what people read in it, without the code around it. Each piece keeps its line
 * breaks, so that a position in it gives the line.
 */
import ts from 'typescript';

/** `text`: users see it (documents, string literals). `comment` and `title` (of a test): developers do. */
export type Kind = 'text' | 'comment' | 'title';

export interface Piece {
  kind: Kind;
  /** The line on which it starts, from 1. */
  line: number;
  text: string;
}

/** The prose of a file, by what its name ends with; none for a form that is not listed. */
export function proseOf(file: string, content: string): Piece[] {
  if (/\.(?:[cm]?js|ts)$/.test(file)) return proseOfCode(file, content);
  if (file.endsWith('.md')) return [{ kind: 'text', line: 1, text: proseOfMarkdown(content) }];
  if (file.endsWith('.html')) return [{ kind: 'text', line: 1, text: blank(content, /<[^>]*>/g) }];
  if (file.endsWith('.sql')) return lineComments(content, /^(.*?)--(.*)$/);
  if (/\.ya?ml$|^Dockerfile$|^\.ci\//.test(file)) return lineComments(content, /^(\s*)#(.*)$/);
  return [];
}

/** Replaces each match with spaces; line breaks stay. */
function blank(text: string, pattern: RegExp): string {
  return text.replace(pattern, (match) => match.replaceAll(/[^\n]/g, ' '));
}

/** Markdown without code and without the targets of links. */
function proseOfMarkdown(content: string): string {
  const withoutBlocks = blank(content, /^ *```[^]*?^ *```/gm);
  const withoutCode = withoutBlocks.replaceAll(/`[^`\n]+`/g, (code) => '_'.repeat(code.length));
  return blank(withoutCode, /\]\([^)]*\)/g);
}

/** Comments that reach the end of their line; those on successive lines are one piece. */
function lineComments(content: string, form: RegExp): Piece[] {
  const pieces: Piece[] = [];
  let open: Piece | undefined;
  for (const [index, line] of content.split('\n').entries()) {
    const [, before = '', text] = form.exec(line) ?? [];
    if (text === undefined) {
      open = undefined;
    } else if (open !== undefined && before.trim() === '') {
      open.text += `\n${text}`;
    } else {
      open = { kind: 'comment', line: index + 1, text };
      pieces.push(open);
    }
  }
  return pieces;
}

/** Files whose string literals nobody reads, but for the titles of tests. */
const tests = /^test\/|\.test\.ts$/;

/** The comments, the titles of tests, and the string literals that have more than one word. */
function proseOfCode(file: string, content: string): Piece[] {
  const source = ts.createSourceFile(file, content, ts.ScriptTarget.Latest, true);
  const lineAt = (position: number) => source.getLineAndCharacterOfPosition(position).line + 1;
  const comments = new Map<number, string>();
  const pieces: Piece[] = [];
  const visit = (node: ts.Node): void => {
    for (const { pos, end } of [
      ...(ts.getLeadingCommentRanges(content, node.getFullStart()) ?? []),
      ...(ts.getTrailingCommentRanges(content, node.end) ?? []),
    ]) {
      comments.set(pos, content.slice(pos, end));
    }
    if (isText(node)) {
      const kind = isTitle(node) ? 'title' : 'text';
      if (kind === 'title' || (/\s/.test(node.text) && !tests.test(file))) {
        pieces.push({ kind, line: lineAt(node.getStart()), text: node.text });
      }
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return [...pieces, ...joined(comments, content, lineAt)];
}

/** The comments by position; `//` comments on successive lines are one piece. */
function joined(
  comments: Map<number, string>,
  content: string,
  lineAt: (position: number) => number,
): Piece[] {
  const pieces: Piece[] = [];
  let end = -1;
  for (const [start, comment] of [...comments].toSorted(([a], [b]) => a - b)) {
    const text = comment.replaceAll(/^\s*(?:\/\*\*?|\*(?!\/)|\/\/)|\*\/$/gm, '');
    const last = pieces.at(-1);
    const between = content.slice(end, start);
    if (last !== undefined && comment.startsWith('//') && /^[ \t]*\n[ \t]*$/.test(between)) {
      last.text += `\n${text}`;
    } else {
      pieces.push({ kind: 'comment', line: lineAt(start), text });
    }
    end = start + comment.length;
  }
  return pieces;
}

function isText(node: ts.Node): node is ts.LiteralLikeNode {
  return (
    ts.isStringLiteralLike(node) ||
    ts.isTemplateHead(node) ||
    ts.isTemplateMiddleOrTemplateTail(node)
  );
}

/** Whether a text names a test: the first argument of `describe`, `it` or `test`, and of their `.each`. */
function isTitle(node: ts.Node): boolean {
  const call = ts.isTemplateExpression(node.parent) ? node.parent.parent : node.parent;
  if (!ts.isCallExpression(call)) return false;
  const [first] = call.arguments;
  return (
    (first === node || first === node.parent) &&
    /^(?:describe|it|test)\b/.test(call.expression.getText())
  );
}
