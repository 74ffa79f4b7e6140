/** Holds real values to the published schemas of docs/contract/. */
import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { schemaFile } from './contract-docs.js';

const ajv = new Ajv2020({ allErrors: true, strict: false });
ajv.addSchema(read('docs/spec.schema.json'));

/** What is wrong with a value of a type, a line each. Also a field that the schema does not tell of, though callers must bear it. */
export function schemaFaults(type: string, value: unknown): readonly string[] {
  const file = `docs/${schemaFile(type)}`;
  const validate = ajv.getSchema(idOf(file)) ?? ajv.compile(read(file));
  validate(value);
  return (validate.errors ?? []).map(({ instancePath, message, params }) => {
    const { additionalProperty = '' } = params;
    return `${instancePath} ${message} ${additionalProperty}`.trim();
  });
}

function idOf(file: string): string {
  return pathToFileURL(file).href;
}

function read(file: string): object {
  return { $id: idOf(file), ...(JSON.parse(readFileSync(file, 'utf8'), closed) as object) };
}

function closed(_key: string, value: unknown): unknown {
  const isShape =
    typeof value === 'object' && value !== null && 'properties' in value && !('additionalProperties' in value);
  return isShape && 'type' in value ? { ...value, additionalProperties: false } : value;
}
