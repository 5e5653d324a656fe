import ts from 'typescript';
import { placeOf, unwrapped, visit } from './syntax.ts';

/** SQL text, with the expressions that are sent as its parameters. */
export type Fragment = readonly (string | ts.Expression)[];

export interface Reading {
  readonly checker: ts.TypeChecker;
  readonly files: readonly ts.SourceFile[];
  readonly problems: string[];
  /** The templates that some statement contains. */
  readonly used: Set<ts.Node>;
}

/** What the parameters of a function stand for where it is called. */
type Bindings = ReadonlyMap<ts.Symbol, readonly Fragment[]>;

const UNBOUND: Bindings = new Map();

/** Every text that an expression of type Sql, or a template of a statement, can have. */
export function fragmentsOf(
  node: ts.Expression,
  reading: Reading,
  bound: Bindings = UNBOUND,
): Fragment[] {
  const inner = unwrapped(node);
  if (ts.isTaggedTemplateExpression(inner)) return ofTemplate(inner, reading, bound);
  if (ts.isConditionalExpression(inner)) {
    return [inner.whenTrue, inner.whenFalse].flatMap((one) => fragmentsOf(one, reading, bound));
  }
  const text = inner.getText();
  if (text === 'Prisma.empty') return [['']];
  // Of a condition that is left out: see ofConditions.
  if (text === 'undefined') return [['true']];
  if (ts.isIdentifier(inner)) return ofName(inner, reading, bound);
  if (ts.isCallExpression(inner)) return ofCall(inner, reading, bound);
  return unknown(inner, reading);
}

function unknown(node: ts.Node, { problems }: Reading): Fragment[] {
  problems.push(`${placeOf(node)}: cannot tell the text of ${node.getText().slice(0, 60)}`);
  return [];
}

function ofTemplate(
  node: ts.TaggedTemplateExpression,
  reading: Reading,
  bound: Bindings,
): Fragment[] {
  reading.used.add(node);
  const { template } = node;
  if (ts.isNoSubstitutionTemplateLiteral(template)) return [[template.text]];
  let texts: Fragment[] = [[template.head.text]];
  for (const { expression, literal } of template.templateSpans) {
    const options = isSql(expression, reading)
      ? fragmentsOf(expression, reading, bound)
      : [[expression]];
    texts = texts.flatMap((text) => options.map((option) => [...text, ...option, literal.text]));
  }
  return texts;
}

function isSql(node: ts.Expression, { checker }: Reading): boolean {
  return checker.typeToString(checker.getTypeAtLocation(node)) === 'Sql';
}

function ofName(node: ts.Identifier, reading: Reading, bound: Bindings): Fragment[] {
  const symbol = symbolOf(node, reading);
  const given = symbol === undefined ? undefined : bound.get(symbol);
  if (given !== undefined) return [...given];
  const declaration = symbol?.valueDeclaration;
  if (declaration !== undefined && ts.isParameter(declaration)) {
    return ofCallers(declaration, reading) ?? unknown(node, reading);
  }
  if (declaration === undefined || !ts.isVariableDeclaration(declaration))
    return unknown(node, reading);
  const { initializer } = declaration;
  return initializer === undefined
    ? unknown(node, reading)
    : fragmentsOf(initializer, reading, bound);
}

function symbolOf(node: ts.Node, { checker }: Reading): ts.Symbol | undefined {
  const symbol = checker.getSymbolAtLocation(node);
  const isAlias = symbol !== undefined && (symbol.flags & ts.SymbolFlags.Alias) !== 0;
  return isAlias ? checker.getAliasedSymbol(symbol) : symbol;
}

/** What a parameter is given wherever its function is called. */
function ofCallers(parameter: ts.ParameterDeclaration, reading: Reading): Fragment[] | undefined {
  const owner = parameter.parent;
  const name = ts.isFunctionDeclaration(owner)
    ? owner.name
    : ts.isVariableDeclaration(owner.parent)
      ? owner.parent.name
      : undefined;
  const called = name === undefined ? undefined : symbolOf(name, reading);
  if (called === undefined) return undefined;
  const index = owner.parameters.indexOf(parameter);
  const found: Fragment[] = [];
  for (const file of reading.files) {
    visit(file, (node) => {
      if (!ts.isCallExpression(node) || symbolOf(node.expression, reading) !== called) return;
      const given = node.arguments[index] ?? parameter.initializer;
      if (given !== undefined) found.push(...fragmentsOf(given, reading));
    });
  }
  return found;
}

function ofCall(node: ts.CallExpression, reading: Reading, bound: Bindings): Fragment[] {
  const callee = node.expression.getText();
  if (callee === 'all') return ofConditions(node, reading, bound);
  const owner = symbolOf(node.expression, reading)?.valueDeclaration;
  const made = owner === undefined ? undefined : functionOf(owner);
  const result = made === undefined ? undefined : resultOf(made);
  if (made === undefined || result === undefined) return unknown(node, reading);
  const inside = new Map(bound);
  for (const [index, parameter] of made.parameters.entries()) {
    const symbol = symbolOf(parameter.name, reading);
    const given = node.arguments[index];
    if (symbol !== undefined && given !== undefined && isSql(given, reading)) {
      inside.set(symbol, fragmentsOf(given, reading, bound));
    }
  }
  return fragmentsOf(result, reading, inside);
}

type Made = ts.FunctionDeclaration | ts.ArrowFunction;

function functionOf(node: ts.Declaration): Made | undefined {
  if (ts.isFunctionDeclaration(node)) return node;
  if (!ts.isVariableDeclaration(node) || node.initializer === undefined) return undefined;
  return ts.isArrowFunction(node.initializer) ? node.initializer : undefined;
}

/** What a function returns that does nothing else. */
function resultOf({ body }: Made): ts.Expression | undefined {
  if (body === undefined || !ts.isBlock(body)) return body;
  const last = body.statements.at(-1);
  return last !== undefined && ts.isReturnStatement(last) ? last.expression : undefined;
}

/** `all(…)` of store/postgres/conditions.ts: with every condition that can be there, and with as few. */
function ofConditions(node: ts.CallExpression, reading: Reading, bound: Bindings): Fragment[] {
  const owner = symbolOf(node.expression, reading)?.valueDeclaration;
  if (owner !== undefined) visit(owner, (inside) => reading.used.add(inside));
  const options = node.arguments.map((condition) => fragmentsOf(condition, reading, bound));
  const joined = (pick: (texts: readonly Fragment[]) => Fragment | undefined): Fragment =>
    options.flatMap((texts) => [' and (', ...(pick(texts) ?? []), ')']);
  return [
    (texts: readonly Fragment[]) => texts.at(-1),
    (texts: readonly Fragment[]) => texts[0],
  ].map((pick) => ['(true', ...joined(pick), ')']);
}
