/**
 * Answers that are errors, in the form each service has. Messages and types are Neutron's own (neutron-lib's exceptions), since clients branch on them.
 * The rule: what a real cloud says with a misleading status, this says with the same one.
 */

export interface Answer {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Thrown by a handler; the HTTP side turns it into its answer. */
export class ApiError extends Error {
  constructor(readonly answer: Answer) {
    super(`answer ${answer.status}`);
  }
}

export function neutronError(status: number, type: string, message: string): ApiError {
  return new ApiError({ status, body: { NeutronError: { type, message, detail: '' } } });
}

export function badRequest(message: string): ApiError {
  return neutronError(400, 'HTTPBadRequest', message);
}

/** Nova's form: the key names the class of error. */
export function novaError(status: number, key: string, message: string): ApiError {
  return new ApiError({ status, body: { [key]: { code: status, message } } });
}

/** Keystone's middleware, in front of every service. */
export function unauthorized(): ApiError {
  return new ApiError({
    status: 401,
    body: {
      error: { code: 401, title: 'Unauthorized', message: 'The request you have made requires authentication.' },
    },
    headers: { 'WWW-Authenticate': 'Keystone uri="/identity"' },
  });
}

/** What a server says that stumbled. */
export function internalError(): ApiError {
  return neutronError(
    500,
    'HTTPInternalServerError',
    'Request Failed: internal server error while processing your request.',
  );
}
