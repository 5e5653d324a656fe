/** What can be wrong with a JSON text. A row per code; errors.ts has the whole list. */
export const JSON_CODES = {
  body_too_large: { status: 413, title: 'The body is too large' },
  bundle_too_large: { status: 413, title: 'The bundle has too many objects for one JSON document' },
  duplicate_key: { status: 400, title: 'A JSON object has the same key twice' },
  forbidden_key: { status: 400, title: 'A JSON key is not allowed' },
  invalid_json: { status: 400, title: 'The body is not valid JSON' },
  lone_surrogate: { status: 400, title: 'A string contains half of a surrogate pair' },
  nul_character: { status: 400, title: 'A string contains the character U+0000' },
  number_not_representable: { status: 400, title: 'A number cannot be stored exactly' },
  stix1_xml: { status: 400, title: 'The body is STIX 1.x, which is XML' },
  too_deep: { status: 400, title: 'The JSON is nested too deeply' },
  too_many_values: { status: 413, title: 'The JSON contains too many values' },
} as const;
