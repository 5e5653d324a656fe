import ts from 'typescript';

export function visit(node: ts.Node, look: (node: ts.Node) => void): void {
  look(node);
  ts.forEachChild(node, (child) => visit(child, look));
}

/** `src/…:line`. */
export function placeOf(node: ts.Node): string {
  const file = node.getSourceFile();
  const { line } = file.getLineAndCharacterOfPosition(node.getStart());
  return `${file.fileName.replace(/^.*\/(?=src\/)/, '')}:${line + 1}`;
}

/** Without parentheses and assertions around it. */
export function unwrapped(node: ts.Expression): ts.Expression {
  const isAround =
    ts.isParenthesizedExpression(node) || ts.isAsExpression(node) || ts.isSatisfiesExpression(node);
  return isAround ? unwrapped(node.expression) : node;
}
