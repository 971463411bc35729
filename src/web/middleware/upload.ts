/**
 * A form with one file (multipart/form-data, RFC 7578), read as it comes: the file is handed on piece by piece, and is nowhere
 * as a whole. Refuses more than one file, a field twice or after the file, too much, too slow, and more uploads at once than a process
 * has room for.
 */
import type { Readable } from 'node:stream';
import { Busboy } from '@fastify/busboy';
import type { Context } from 'koa';
import { type Codes, DomainError, defineCodes } from '../../platform/errors.ts';

export const uploadCodes = defineCodes({
  UPLOADS_RUNNING: {
    kind: 'rate_limited',
    params: ['seconds'],
    means: 'as many files are uploaded already as may at once',
  },
});
declare module '../../platform/errors.ts' {
  interface ErrorCodes extends Codes<typeof uploadCodes> {}
}

export interface Upload {
  fields: Record<string, string>;
  /** As the browser calls it, without a path. Empty: none was chosen. */
  fileName: string;
  /** Ends in BODY_TOO_LARGE or INVALID_INPUT where the rest did not come. */
  bytes: Readable;
}

type Parser = InstanceType<typeof Busboy>;

const mostAtOnce = 4;
let held = 0;

const isMultipart = /^multipart\/form-data *;.*boundary=/i;
const mostFields = 20;
const mostFieldBytes = 10_000;
/** Between two pieces. */
const longestPauseMs = 30_000;

/**
 * Reads the fields, and hands over the file, which is the last part.
 * @throws DomainError invalid UNSUPPORTED_MEDIA_TYPE, INVALID_INPUT, rate_limited UPLOADS_RUNNING
 */
export async function readUpload(ctx: Context, { limitBytes }: { limitBytes: number }): Promise<Upload> {
  const type = ctx.req.headers['content-type'] ?? '';
  if (!isMultipart.test(type)) throw new DomainError('invalid', 'UNSUPPORTED_MEDIA_TYPE');
  if (held >= mostAtOnce) throw new DomainError('rate_limited', 'UPLOADS_RUNNING', { seconds: 30 });
  held += 1;
  ctx.res.once('close', () => {
    held -= 1;
  });
  return new UploadReader(ctx, type, limitBytes).read();
}

function openParser(type: string, limitBytes: number): Parser {
  const limits = { fieldNameSize: 100, fieldSize: mostFieldBytes, fields: mostFields, files: 1, fileSize: limitBytes };
  try {
    return new Busboy({ headers: { 'content-type': type }, limits: { ...limits, headerPairs: 20 } });
  } catch (cause) {
    throw new DomainError('invalid', 'INVALID_INPUT', {}, { cause });
  }
}

class UploadReader {
  readonly #ctx: Context;
  readonly #parser: Parser;
  readonly #fields: Record<string, string> = Object.create(null);
  #file: Readable | undefined;
  #timer: NodeJS.Timeout | undefined;
  #more: () => void = () => undefined;

  constructor(ctx: Context, type: string, limitBytes: number) {
    this.#ctx = ctx;
    this.#parser = openParser(type, limitBytes);
  }

  async read(): Promise<Upload> {
    const { promise, resolve, reject } = Promise.withResolvers<Upload>();
    const { req } = this.#ctx;
    const fail = (error: unknown) => {
      const refusal =
        error instanceof DomainError ? error : new DomainError('invalid', 'INVALID_INPUT', {}, { cause: error });
      this.#stop();
      this.#file?.destroy(refusal);
      reject(refusal);
    };
    this.#parser.on('field', (name, value, nameIsCut, valueIsCut) => {
      if (this.#file || nameIsCut || valueIsCut || name in this.#fields || value.includes('\0'))
        fail(new DomainError('invalid', 'INVALID_INPUT'));
      else this.#fields[name] = value;
    });
    this.#parser.on('file', (_name, bytes, fileName) => {
      this.#file = bytes;
      bytes.once('limit', () => fail(new DomainError('invalid', 'BODY_TOO_LARGE')));
      // Who goes on reading hears of it; who never began must not end the process.
      bytes.on('error', () => undefined);
      bytes.once('close', () => this.#stop());
      resolve({ fields: this.#fields, fileName: plainName(fileName), bytes });
    });
    this.#parser.once('error', fail);
    for (const limit of ['partsLimit', 'filesLimit', 'fieldsLimit'] as const)
      this.#parser.once(limit, () => fail(new DomainError('invalid', 'INVALID_INPUT')));
    this.#parser.once('finish', () => {
      this.#stop();
      reject(new DomainError('invalid', 'FIELD_REQUIRED', { field: 'file' }));
    });
    this.#more = () => this.#waitForMore(fail);
    req.on('data', this.#more);
    req.once('close', () => req.complete || fail(new Error('the rest did not come')));
    this.#more();
    req.pipe(this.#parser);
    return promise;
  }

  #waitForMore(fail: (error: Error) => void): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => fail(new Error('too slow')), longestPauseMs).unref();
  }

  #stop(): void {
    clearTimeout(this.#timer);
    this.#ctx.req.off('data', this.#more).unpipe(this.#parser);
  }
}

function plainName(name: string | undefined): string {
  const last = (name ?? '').split(/[\\/]/).at(-1) ?? '';
  return last.replace(/[\p{Cc}\p{Cs}\u2028\u2029]/gu, '').slice(0, 200);
}
