/**
 * One question to one server, asked again and again over a connection of its own, which is kept between the questions, never holds
 * the process, and is opened anew after any fault. Owns no judgement of the answers.
 */
import pg from 'pg';
import { connectionTo, placeOf } from './database-hosts.ts';

/** Longer than a busy server takes; a server that is gone without a word costs nobody but who has no other. */
const answerMs = 3_000;

export class ServerProbe<Answer> {
  readonly url: string;
  /** Its host and port, for people. */
  readonly place: string;
  readonly #ssl: boolean | { ca: string } | undefined;
  readonly #question: string;
  #client: pg.Client | undefined;
  #asking: Promise<Answer> | undefined;

  constructor(url: string, ssl: boolean | { ca: string } | undefined, question: string) {
    this.url = url;
    this.place = placeOf(url);
    this.#ssl = ssl;
    this.#question = question;
  }

  /** The first row of the answer. Who asks while another waits gets the same. @throws what the driver says */
  ask(): Promise<Answer> {
    this.#asking ??= this.#ask().finally(() => {
      this.#asking = undefined;
    });
    return this.#asking;
  }

  /** Closes the connection; the next question opens another. */
  close(): void {
    const client = this.#client;
    this.#client = undefined;
    // It may hang: the other side is told, and nobody waits for what it says.
    client?.end().catch(() => {});
  }

  async #ask(): Promise<Answer> {
    const client = this.#client ?? (await this.#connect());
    try {
      const { rows } = await client.query(this.#question);
      return rows[0] as Answer;
    } catch (error) {
      this.close();
      throw error;
    }
  }

  async #connect(): Promise<pg.Client> {
    const client = new pg.Client({
      ...connectionTo(this.url, this.#ssl),
      application_name: 'gatehouse-watch',
      connectionTimeoutMillis: answerMs,
      query_timeout: answerMs,
      keepAlive: true,
    });
    client.on('error', () => this.#client === client && this.close());
    await client.connect();
    (client as pg.Client & { unref(): void }).unref();
    this.#client = client;
    return client;
  }
}
