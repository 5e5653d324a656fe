import { z } from 'zod';

/** How an answer stands in a route's schema: what it means, and its body by media type. */
interface Answer<Type extends string, Schema extends z.ZodType> {
  readonly description: string;
  readonly content: Readonly<Record<Type, { readonly schema: Schema }>>;
}

/** An answer in JSON. */
export function answer<Schema extends z.ZodType>(
  description: string,
  schema: Schema,
): Answer<'application/json', Schema> {
  return { description, content: { 'application/json': { schema } } };
}

/** An answer in text of the given media type. */
export function textAnswer<Type extends string>(
  description: string,
  type: Type,
  example: string,
): Answer<Type, z.ZodString> {
  const schema = z.string().meta({ examples: [example] });
  const content = { [type]: { schema } } as Record<Type, { schema: z.ZodString }>;
  return { description, content };
}
