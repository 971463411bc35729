/**
 * Whether an SMTP server takes addresses beyond ASCII (SMTPUTF8, RFC 6531). One that does not say so must not be given any
 * (section 3.2): it would send their bytes on to servers that read something else.
 */
import SMTPConnection from 'nodemailer/lib/smtp-connection';

/** Connects as for a mail, reads what the server offers, and leaves. Rejects with the library's error. */
export function offersUnicodeAddresses(options: object, signal: AbortSignal): Promise<boolean> {
  const connection = new SMTPConnection(options);
  return new Promise<boolean>((resolve, reject) => {
    const fail = (error: Error) => {
      // First: closing it tells of an end, which says less.
      reject(error);
      connection.close();
    };
    signal.addEventListener('abort', () => fail(Object.assign(new Error('no answer'), { code: 'ETIMEDOUT' })));
    connection.on('error', fail);
    connection.once('end', () => reject(new Error('the connection was closed')));
    connection.connect((error) => {
      if (error) return fail(error);
      // The library keeps it to itself. Where it has it no more, nothing is offered.
      const { _supportedExtensions: offered } = connection as unknown as { _supportedExtensions?: unknown };
      resolve(Array.isArray(offered) && offered.includes('SMTPUTF8'));
      connection.quit();
    });
  });
}

/** How long an answer is remembered. The server is seldom exchanged, and a failure seldom lasts. */
const answerMs = 10 * 60_000;
const failureMs = 15_000;

/**
 * Remembers the answer, and asks once for however many want to know.
 * @returns a function that answers undefined where the server can't be asked
 */
export function rememberedAnswer(
  ask: () => Promise<boolean>,
  now: () => number = Date.now,
): () => Promise<boolean | undefined> {
  let known: { answer: Promise<boolean | undefined>; until: number } | undefined;
  return () => {
    if (known && known.until > now()) return known.answer;
    const asked = { answer: ask().catch(() => undefined), until: Number.POSITIVE_INFINITY };
    known = asked;
    void asked.answer.then((answer) => {
      asked.until = now() + (answer === undefined ? failureMs : answerMs);
    });
    return asked.answer;
  };
}
