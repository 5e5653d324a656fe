/** Draws a QR code in this page; nothing of it leaves the browser. */

/** The npm package qrcode-generator, which the server serves under this path. */
const GENERATOR = '/welcome-qrcode-generator.js';
const { default: qrcode } = await import(GENERATOR);

const SVG = 'http://www.w3.org/2000/svg';
/** ISO/IEC 18004: so many light modules around it. */
const QUIET = 4;

/** Replaces the content of a container by the QR code of a text. */
export function drawQrCode(container, text) {
  const code = qrcode(0, 'M');
  code.addData(text);
  code.make();
  const modules = code.getModuleCount();
  const squares = [];
  for (let row = 0; row < modules; row += 1) {
    for (let column = 0; column < modules; column += 1) {
      if (!code.isDark(row, column)) continue;
      squares.push(`M${column + QUIET} ${row + QUIET}h1v1h-1z`);
    }
  }
  const svg = document.createElementNS(SVG, 'svg');
  const size = modules + 2 * QUIET;
  svg.setAttribute('viewBox', `0 0 ${size} ${size}`);
  svg.setAttribute('shape-rendering', 'crispEdges');
  svg.setAttribute('role', 'img');
  svg.setAttribute('aria-label', 'QR code of the secret; the secret follows as text');
  const path = document.createElementNS(SVG, 'path');
  path.setAttribute('d', squares.join(''));
  svg.append(path);
  container.replaceChildren(svg);
}
