/** The OpenAPI 3.1 document, made of the table of operations, the table of problems and the zod schemas: nothing is written twice. */
import { z } from 'zod';
import { OPERATIONS, type Operation } from './operations.js';
import { PROBLEMS, type ProblemKind } from './problems.js';
import { SCHEMAS, type SchemaName } from './schemas.js';

type Json = Readonly<Record<string, unknown>>;

/** Of the API, not of the program: it grows within a major version and changes meaning in none. */
const VERSION = '1.0.0';

/** What any operation may meet; the second list where a token is needed. */
const ANY: readonly ProblemKind[] = ['bad-request', 'too-many-requests', 'unexpected'];
const WITH_TOKEN: readonly ProblemKind[] = ['unauthorised', 'forbidden', 'unavailable', 'too-slow'];

export function openApiDocument(): Json {
  const paths: Record<string, Record<string, Json>> = {};
  for (const operation of OPERATIONS) {
    const methods = paths[operation.path] ?? {};
    methods[operation.method.toLowerCase()] = described(operation);
    paths[operation.path] = methods;
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'regionlink',
      version: VERSION,
      description: 'Site-to-site IPsec VPNs between OpenStack regions: proven by a ping, or rolled back.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: '/' }],
    paths,
    components: {
      schemas: schemas(),
      securitySchemes: {
        bearer: {
          type: 'http',
          scheme: 'bearer',
          description: 'Made with `regionlink token`. `write` includes `read`.',
        },
      },
    },
  };
}

function described({ id, path, scope, summary, description, takes, answer, problems }: Operation): Json {
  const kinds = [...ANY, ...(scope === undefined ? [] : WITH_TOKEN), ...problems];
  return {
    operationId: id,
    summary,
    ...(description === undefined ? {} : { description }),
    ...(path.includes('{name}') ? { parameters: [NAME] } : {}),
    ...(takes === undefined
      ? {}
      : { requestBody: { required: true, content: json(takes.schema, { example: takes.example }) } }),
    security: scope === undefined ? [] : [{ bearer: [scope] }],
    responses: {
      [answer.status]: {
        description: answer.means,
        content: answer.events ? { 'text/event-stream': { schema: eventOf(answer.schema) } } : json(answer.schema),
        ...(answer.location ? { headers: { Location: LOCATION } } : {}),
      },
      ...responsesOf(kinds),
    },
  };
}

const NAME = { name: 'name', in: 'path', required: true, schema: reference('VpnName') };

const LOCATION = {
  description: 'Where to look at it: a path of this server.',
  required: true,
  schema: { type: 'string' },
};

/** Problems by status: several kinds may share one. */
function responsesOf(kinds: readonly ProblemKind[]): Json {
  const responses: Record<string, Json> = {};
  for (const status of [...new Set(kinds.map((kind) => PROBLEMS[kind].status))].sort()) {
    const of = kinds.filter((kind) => PROBLEMS[kind].status === status);
    responses[status] = {
      description: of.map((kind) => `\`${kind}\`: ${PROBLEMS[kind].title}.`).join(' '),
      content: { 'application/problem+json': { schema: reference('Problem') } },
    };
  }
  return responses;
}

/** One event of a stream, as OpenAPI 3.2 describes them: its data is text, and that text is JSON. */
function eventOf(name: SchemaName): Json {
  const data = { type: 'string', contentMediaType: 'application/json' };
  const event = (kinds: readonly string[], schema: SchemaName): Json => ({
    type: 'object',
    properties: { event: { enum: kinds }, data: { ...data, contentSchema: reference(schema) } },
    required: ['event', 'data'],
  });
  return { oneOf: [event(['status', 'end'], name), event(['problem'], 'Problem')] };
}

function json(name: SchemaName, more: Json = {}): Json {
  return { 'application/json': { schema: reference(name), ...more } };
}

function reference(name: SchemaName): Json {
  return { $ref: `#/components/schemas/${name}` };
}

function schemas(): Json {
  const registry = z.registry<{ id: string }>();
  for (const [id, schema] of Object.entries(SCHEMAS)) registry.add(schema as z.ZodType, { id });
  // As they are sent: a spec without its defaults, an answer that a later release may add to.
  const made = z.toJSONSchema(registry, { uri: (id) => `#/components/schemas/${id}`, io: 'input' });
  return Object.fromEntries(
    Object.entries(made.schemas).map(([name, { $schema: _, $id: __, ...schema }]) => [name, schema]),
  );
}
