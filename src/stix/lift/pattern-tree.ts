/** What STIX 2.0 patterns say in other words than 2.1 (section 9), changed in the parsed pattern. */
import { hashNameIn21, holdsHashes, nameIn21 } from './names.ts';
import type {
  Comparison,
  ObjectPath,
  ObservationExpression,
  PathStep,
  Qualifier,
} from '../pattern/syntax.ts';

/** The type of the object that a reference leads to, where names in it changed. */
const TYPE_OF_REFERENCE: Readonly<Record<string, string>> = {
  parent_directory_ref: 'directory',
  contains_refs: 'file',
  image_ref: 'file',
  body_raw_ref: 'file',
  service_dll_refs: 'file',
  parent_ref: 'process',
  child_refs: 'process',
  creator_user_ref: 'user-account',
  belongs_to_ref: 'user-account',
};

/**
 * The expression in the words of 2.1: the same expression where nothing changes. Properties get their
 * new names, and a second qualifier of a kind, which only 2.0 allows, gets parentheses.
 */
export function liftExpression(node: ObservationExpression): ObservationExpression {
  switch (node.kind) {
    case 'observation': {
      const comparison = liftComparison(node.comparison);
      return comparison === node.comparison ? node : { ...node, comparison };
    }
    case 'joined': {
      const operands = liftEach(node.operands, liftExpression);
      return operands === node.operands ? node : { ...node, operands };
    }
    case 'group': {
      const inner = liftExpression(node.inner);
      return inner === node.inner ? node : { ...node, inner };
    }
    case 'qualified':
      return liftQualified(node);
  }
}

type Qualified = Extract<ObservationExpression, { kind: 'qualified' }>;

/** From the inside out, without recursion: a pattern can have thousands of qualifiers in a row. */
function liftQualified(outermost: Qualified): ObservationExpression {
  const chain: Qualified[] = [];
  let innermost: ObservationExpression = outermost;
  while (innermost.kind === 'qualified') {
    chain.push(innermost);
    innermost = innermost.inner;
  }
  const lifted = liftExpression(innermost);
  const seen = new Set<Qualifier['kind']>();
  let hasChanged = lifted !== innermost;
  let expression = lifted;
  for (const { qualifier } of chain.toReversed()) {
    if (seen.has(qualifier.kind)) {
      expression = { kind: 'group', inner: expression };
      seen.clear();
      hasChanged = true;
    }
    seen.add(qualifier.kind);
    expression = { kind: 'qualified', inner: expression, qualifier };
  }
  return hasChanged ? expression : outermost;
}

function liftComparison(node: Comparison): Comparison {
  switch (node.kind) {
    case 'test': {
      const path = liftPath(node.path);
      return path === node.path ? node : { ...node, path };
    }
    case 'joined': {
      const operands = liftEach(node.operands, liftComparison);
      return operands === node.operands ? node : { ...node, operands };
    }
    case 'group': {
      const inner = liftComparison(node.inner);
      return inner === node.inner ? node : { ...node, inner };
    }
  }
}

function liftEach<T>(nodes: T[], lift: (node: T) => T): T[] {
  const lifted = nodes.map(lift);
  return lifted.every((node, index) => node === nodes[index]) ? nodes : lifted;
}

function liftPath(path: ObjectPath): ObjectPath {
  let type: string | undefined = path.objectType;
  let holder = '';
  const steps = path.steps.map((step): PathStep => {
    if ('index' in step) return step;
    let key = type === undefined ? step.key : nameIn21(type, step.key);
    if (holdsHashes(holder)) key = hashNameIn21(key);
    type = Object.hasOwn(TYPE_OF_REFERENCE, key) ? TYPE_OF_REFERENCE[key] : undefined;
    holder = key;
    return key === step.key ? step : { ...step, key };
  });
  return steps.every((step, index) => step === path.steps[index]) ? path : { ...path, steps };
}
