/**
 * The little of Markdown that our own pages use, as HTML: headings, paragraphs, lists, fenced code,
 * `code`, **strong** and links. Everything is escaped first, so that no page can bring HTML along.
 */

const STYLE =
  'body{font:16px/1.5 system-ui,sans-serif;max-width:46rem;margin:2rem auto;padding:0 1rem}' +
  'pre,code{font:14px/1.45 ui-monospace,monospace;background:#f3f3f0}' +
  'pre{padding:.8rem;overflow:auto}';

/** A whole page. */
export function toHtml(title: string, markdown: string): string {
  const parts = markdown.split(/^```\w*\n([\s\S]*?)^```$/m);
  const body = parts.map((part, i) => (i % 2 === 1 ? `<pre>${escape(part)}</pre>` : blocks(part)));
  return (
    '<!doctype html><html lang="en"><head><meta charset="utf-8">' +
    `<title>${escape(title)} – Tocsin</title><style>${STYLE}</style></head>` +
    `<body>${body.join('')}</body></html>`
  );
}

function blocks(text: string): string {
  const found = text.split(/\n{2,}/).map((block) => block.trim());
  return found
    .filter((block) => block !== '')
    .map(toBlock)
    .join('');
}

function toBlock(block: string): string {
  const [, marks, heading] = /^(#{1,3}) (.*)$/.exec(block) ?? [];
  if (marks !== undefined && heading !== undefined) {
    return `<h${marks.length}>${inline(heading)}</h${marks.length}>`;
  }
  if (!block.startsWith('- ')) return `<p>${inline(block)}</p>`;
  const items = block.slice(2).split(/\n- /);
  return `<ul>${items.map((item) => `<li>${inline(item)}</li>`).join('')}</ul>`;
}

function inline(text: string): string {
  const parts = escape(text).split(/`([^`]+)`/);
  return parts.map((part, i) => (i % 2 === 1 ? `<code>${part}</code>` : phrase(part))).join('');
}

function phrase(text: string): string {
  return text
    .replaceAll(/\*\*([^*]+)\*\*/g, '<strong>$1</strong>')
    .replaceAll(/\[([^\]]+)\]\(([\w./-]+)\)/g, '<a href="$2">$1</a>');
}

function escape(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
