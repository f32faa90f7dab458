import type { Mistake } from '@simfleet/contracts';
import { didYouMean } from '@simfleet/runtime';
import { Ajv2020 } from 'ajv/dist/2020.js';
import type { ErrorObject } from 'ajv/dist/2020.js';
import { RE2JS } from 're2js';
import { schemaMistakes } from './schema-limits.ts';

/** Checks parameters; pointers are relative to them. Empty = sound. */
export type CheckParameters = (parameters: Readonly<Record<string, unknown>>) => readonly Mistake[];

export type ParameterSchema = Readonly<Record<string, unknown>> | boolean;

/**
 * Patterns of a schema run in RE2's linear-time matcher: JavaScript's own could be made to hang by a pattern and a value that strangers
 * write. Look-around and back-references are not in RE2, so a schema with them does not compile.
 */
const linearRegExp = Object.assign(
  (pattern: string) => {
    const compiled = RE2JS.compile(RE2JS.translateRegExp(pattern));
    // ajv tells compiled patterns apart by their text.
    return { test: (text: string) => compiled.matcher(text).find(), toString: () => `linear ${pattern}` };
  },
  { code: 'linearRegExp' },
);

/** The check that a JSON Schema (draft 2020-12) asks for, or the mistakes for which it cannot be compiled, relative to the schema. */
export const compileSchema = (
  schema: ParameterSchema,
): { readonly check: CheckParameters } | { readonly mistakes: readonly Mistake[] } => {
  const mistakes = schemaMistakes(schema);
  if (mistakes.length > 0) return { mistakes };
  const ajv = new Ajv2020({
    allErrors: true,
    // Keywords that are not in the draft are slips of the pen.
    strictSchema: true,
    strictTypes: false,
    strictRequired: false,
    strictTuples: false,
    // `format` is an annotation in this draft.
    validateFormats: false,
    ownProperties: true,
    code: { regExp: linearRegExp },
  });
  try {
    const validate = ajv.compile(schema);
    const known = propertyNames(schema);
    return { check: (parameters) => (validate(parameters) ? [] : asMistakes(validate.errors ?? [], known)) };
  } catch (error) {
    return {
      mistakes: [
        { pointer: '', detail: `does not compile: ${error instanceof Error ? error.message : String(error)}` },
      ],
    };
  }
};

const propertyNames = (schema: ParameterSchema): readonly string[] => {
  const properties = typeof schema === 'boolean' ? undefined : schema['properties'];
  return typeof properties === 'object' && properties !== null ? Object.keys(properties) : [];
};

/** Mistakes listed at most. */
const mostMistakes = 50;

const asMistakes = (errors: readonly ErrorObject[], known: readonly string[]): readonly Mistake[] => {
  // A failed choice is told once, not once per alternative.
  const choices = errors
    .filter(({ keyword }) => keyword === 'oneOf' || keyword === 'anyOf')
    .map((each) => each.schemaPath);
  return errors
    .filter(({ schemaPath }) => !choices.some((choice) => schemaPath !== choice && schemaPath.startsWith(`${choice}/`)))
    .slice(0, mostMistakes)
    .map((error) => asMistake(error, known));
};

const asMistake = (error: ErrorObject, known: readonly string[]): Mistake => {
  const { keyword, instancePath, message = 'is wrong' } = error;
  const params = error.params as Readonly<Record<string, unknown>>;
  const at = (name: unknown): string => `${instancePath}/${String(name).replaceAll('~', '~0').replaceAll('/', '~1')}`;
  if (keyword === 'required') return { pointer: at(params['missingProperty']), detail: 'is missing' };
  if (keyword === 'additionalProperties' || keyword === 'unevaluatedProperties') {
    const name = String(params['additionalProperty'] ?? params['unevaluatedProperty']);
    return { pointer: at(name), detail: `is no parameter of this service${didYouMean(name, known)}` };
  }
  if (keyword === 'enum') return { pointer: instancePath, detail: `must be one of ${oneOf(params['allowedValues'])}` };
  if (keyword === 'const')
    return { pointer: instancePath, detail: `must be ${JSON.stringify(params['allowedValue'])}` };
  return { pointer: instancePath, detail: message.replace('must NOT', 'must not') };
};

const oneOf = (values: unknown): string =>
  Array.isArray(values) ? values.map((value) => JSON.stringify(value)).join(', ') : JSON.stringify(values);
