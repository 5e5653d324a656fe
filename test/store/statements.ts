/**
 * Finds the raw SQL statements of a program by its syntax and types: the text of each, with the fragments
 * that it is put together from, the types of what is put into it, and the row type that its caller expects.
 */
import ts from 'typescript';
import { fragmentsOf, type Fragment, type Reading } from './sql-fragments.ts';
import { placeOf, visit } from './syntax.ts';

/** What a value or column is on the side of TypeScript. */
export interface Kind {
  /** Such as `string`, `Date`, `number[]` or `unknown`. */
  readonly name: string;
  readonly nullable: boolean;
}

export interface Statement {
  /** `file:line`. */
  readonly at: string;
  /** With `$1`, `$2` … */
  readonly sql: string;
  readonly parameters: readonly Kind[];
  /** The columns that its caller expects; undefined where it expects none. */
  readonly columns: ReadonlyMap<string, Kind> | undefined;
  /** Whose rights it runs with; undefined where both roles may run it. */
  readonly role: 'tocsin_app' | 'tocsin_server' | undefined;
}

export interface Collection {
  readonly statements: readonly Statement[];
  /** What could not be understood. */
  readonly problems: readonly string[];
}

const METHODS = new Set(['$queryRaw', '$executeRaw', '$queryRawUnsafe', '$executeRawUnsafe']);

/** The statements of those source files of `program` whose path `isOurs` accepts. */
export function collectStatements(
  program: ts.Program,
  isOurs: (path: string) => boolean,
): Collection {
  const checker = program.getTypeChecker();
  const files = program.getSourceFiles().filter(({ fileName }) => isOurs(fileName));
  const reading: Reading = { checker, files, problems: [], used: new Set() };
  const statements: Statement[] = [];
  for (const file of files) {
    visit(file, (node) => {
      const raw = rawOf(node);
      if (raw === undefined) return;
      for (const fragment of statementText(node, reading)) {
        statements.push(toStatement(node, raw, fragment, reading));
      }
    });
  }
  const problems = [...reading.problems, ...findUnused(reading)];
  return { statements, problems: [...new Set(problems)] };
}

/** `tx.$queryRaw` of a tagged template or of a call; undefined for any other node. */
function rawOf(node: ts.Node): ts.PropertyAccessExpression | undefined {
  const callee = ts.isTaggedTemplateExpression(node)
    ? node.tag
    : ts.isCallExpression(node)
      ? node.expression
      : undefined;
  if (callee === undefined || !ts.isPropertyAccessExpression(callee)) return undefined;
  return METHODS.has(callee.name.text) ? callee : undefined;
}

function statementText(node: ts.Node, reading: Reading): Fragment[] {
  if (ts.isTaggedTemplateExpression(node)) return fragmentsOf(node, reading);
  const [query] = ts.isCallExpression(node) ? node.arguments : [];
  return query === undefined ? [] : fragmentsOf(query, reading);
}

function toStatement(
  node: ts.Node,
  raw: ts.PropertyAccessExpression,
  fragment: Fragment,
  { checker }: Reading,
): Statement {
  let sql = '';
  const parameters: Kind[] = [];
  for (const part of fragment) {
    if (typeof part === 'string') sql += part;
    else sql += `$${parameters.push(kindOf(checker.getTypeAtLocation(part), checker))}`;
  }
  const columns =
    raw.name.text === '$queryRaw' ? columnsOf(node as ts.Expression, checker) : undefined;
  return { at: placeOf(node), sql, parameters, columns, role: roleOf(raw.expression, checker) };
}

function columnsOf(node: ts.Expression, checker: ts.TypeChecker): Map<string, Kind> | undefined {
  const rows = checker.getAwaitedType(checker.getTypeAtLocation(node));
  const row = rows === undefined ? undefined : elementOf(rows, checker);
  const shapes = row === undefined ? [] : row.isUnion() ? row.types : [row];
  const columns = new Map<string, Kind>();
  for (const property of shapes.flatMap((shape) => checker.getPropertiesOfType(shape))) {
    const kind = kindOf(checker.getTypeOfSymbolAtLocation(property, node), checker);
    const known = columns.get(property.name);
    const nullable = kind.nullable || known?.nullable === true;
    columns.set(
      property.name,
      kind.name === 'null' && known !== undefined ? { ...known, nullable } : { ...kind, nullable },
    );
  }
  // `unknown` rows are counted, not read.
  return columns.size === 0 ? undefined : columns;
}

function elementOf(type: ts.Type, checker: ts.TypeChecker): ts.Type | undefined {
  return checker.isArrayType(type)
    ? checker.getTypeArguments(type as ts.TypeReference)[0]
    : undefined;
}

/** `null` and `undefined` aside, literals widened. */
function kindOf(type: ts.Type, checker: ts.TypeChecker): Kind {
  const empty = ts.TypeFlags.Null | ts.TypeFlags.Undefined;
  const parts = type.isUnion() ? type.types : [type];
  const nullable = parts.some((part) => (part.flags & empty) !== 0);
  const names = parts
    .filter((part) => (part.flags & empty) === 0)
    .map((part) => nameOf(part, checker));
  return { name: [...new Set(names)].join(' | ') || 'null', nullable };
}

function nameOf(type: ts.Type, checker: ts.TypeChecker): string {
  const element = elementOf(type, checker);
  if (element !== undefined) return `${kindOf(element, checker).name}[]`;
  const name = checker.typeToString(checker.getBaseTypeOfLiteralType(type));
  if (/^(?:Buffer|Uint8Array)$/.test(type.getSymbol()?.name ?? '')) return 'bytes';
  return /^(string|number|boolean|bigint|Date|unknown|any)$/.test(name) ? name : 'object';
}

function roleOf(receiver: ts.Expression, checker: ts.TypeChecker): Statement['role'] {
  const last = ts.isPropertyAccessExpression(receiver) ? receiver.name.text : '';
  const name = checker.typeToString(checker.getTypeAtLocation(receiver));
  if (last === 'content' || name === 'Tx') return 'tocsin_app';
  if (last === 'server' || name === 'ServerTx') return 'tocsin_server';
  return undefined;
}

/** Fragments that no statement contains: either they are dead, or a statement was not found. */
function findUnused({ files, used, checker }: Reading): string[] {
  const unused: string[] = [];
  for (const file of files) {
    visit(file, (node) => {
      if (!ts.isTaggedTemplateExpression(node) || used.has(node) || rawOf(node) !== undefined)
        return;
      if (checker.typeToString(checker.getTypeAtLocation(node)) === 'Sql') {
        unused.push(`${placeOf(node)}: no statement contains this fragment`);
      }
    });
  }
  return unused;
}
