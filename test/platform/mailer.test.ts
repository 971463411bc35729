import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DeliveryError } from '../../src/platform/delivery-error.ts';
import { createMailer, type Mail, type Mailer, type MailTimeouts, senderAddress } from '../../src/platform/mailer.ts';
import { rememberedAnswer } from '../../src/platform/smtp-utf8.ts';
import { eventually } from '../support/eventually.ts';
import { type Mailbox, readMail, startMailbox } from '../support/mailbox.ts';

const mail: Mail = {
  id: '019abcde-0000-7000-8000-000000000001',
  to: 'ada@example.test',
  subject: 'Votre code à usage unique — «Nördlich»',
  text: 'Bonjour Ada,\n\n    123456\n\nhttps://id.example.org/x?y=1&z=2\n',
  html: '<p>Bonjour <b>Åda</b> &amp; 漢字</p>',
};

function mailerTo(smtpUrl: string, timeouts: Partial<MailTimeouts> = {}): Mailer {
  const mailer = createMailer({
    smtpUrl,
    toFiles: false,
    from: 'Gatehouse <no-reply@id.example.org>',
    directory: '/nowhere',
    log: assert.fail,
    timeouts,
  });
  assert.ok(mailer);
  return mailer;
}

async function failure(sending: Promise<void>): Promise<DeliveryError> {
  const error = await sending.then(
    () => assert.fail('it was sent'),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof DeliveryError, String(error));
  return error;
}

describe('sending mail', () => {
  let mailbox: Mailbox;
  let mailer: Mailer;

  before(async () => {
    mailbox = await startMailbox();
    mailer = mailerTo(mailbox.url);
  });
  afterEach(async () => {
    mailbox.refuse(undefined);
    mailbox.hang(false);
    mailbox.hold(false);
    mailbox.mails.length = 0;
    await mailbox.restart();
  });
  after(async () => {
    mailer?.close();
    await mailbox?.stop();
  });

  it('carries both texts, from the configured sender to one address', async () => {
    await mailer.send(mail);
    assert.equal(mailbox.mails.length, 1);
    const received = await mailbox.waitFor(mail.to);
    assert.deepEqual(received.envelope, { from: 'no-reply@id.example.org', to: [mail.to] });
    assert.equal(received.subject, mail.subject);
    assert.equal(received.text.trim(), mail.text.trim());
    assert.equal(received.html.trim(), mail.html);
    assert.deepEqual(received.links, ['https://id.example.org/x?y=1&z=2']);
    assert.equal(received.code, '123456');
    assert.equal(received.header('from'), 'Gatehouse <no-reply@id.example.org>');
    assert.equal(received.header('to'), mail.to);
    assert.equal(received.header('auto-submitted'), 'auto-generated');
    assert.match(received.header('content-type') ?? '', /^multipart\/alternative/);
  });

  it('goes to addresses beyond ASCII where the server takes such', async () => {
    assert.equal(await mailer.takesUnicode(), true);
    await mailer.send({ ...mail, to: 'jörg@example.test' });
    assert.equal(mailbox.to('jörg@example.test').length, 1);
  });

  it('is never given beyond ASCII to a server that does not take it (RFC 6531 section 3.2)', async () => {
    const older = await startMailbox({ unicode: false });
    const toOlder = mailerTo(older.url);
    try {
      assert.equal(await toOlder.takesUnicode(), false);
      const error = await failure(toOlder.send({ ...mail, to: 'jörg@example.test' }));
      assert.deepEqual([error.permanent, error.notSent, error.reason], [true, true, 'SMTPUTF8']);
      assert.doesNotMatch(error.message, /jörg/);
      await toOlder.send(mail);
      await toOlder.send({ ...mail, to: 'jorg@xn--bcher-kva.example' });
      assert.deepEqual(
        older.mails.map(({ envelope }) => envelope.to),
        // The test's server shows a domain as people read it.
        [[mail.to], ['jorg@bücher.example']],
      );
    } finally {
      toOlder.close();
      await older.stop();
    }
  });

  it('is asked once what it takes, and again where it did not answer', async () => {
    const own = await startMailbox();
    const ownMailer = mailerTo(own.url);
    try {
      await Promise.all([ownMailer.takesUnicode(), ownMailer.takesUnicode()]);
      await ownMailer.takesUnicode();
      assert.equal(own.connections(), 1);
    } finally {
      ownMailer.close();
      await own.stop();
    }
    let now = 0;
    let asked = 0;
    const answers = [Promise.reject(new Error('away')), Promise.resolve(false)];
    const answer = rememberedAnswer(
      () => answers[asked++] as Promise<boolean>,
      () => now,
    );
    assert.deepEqual([await answer(), await answer()], [undefined, undefined]);
    now += 15_001;
    assert.deepEqual([await answer(), await answer(), asked], [false, false, 2]);
    const nobody = mailerTo('smtp://127.0.0.1:1');
    assert.equal(await nobody.takesUnicode(), undefined);
    const error = await failure(nobody.send({ ...mail, to: 'jörg@example.test' }));
    assert.deepEqual([error.permanent, error.notSent], [false, true]);
    nobody.close();
  });

  it('bears the name that it is given, and the configured address in any case', async () => {
    const names: [given: string, shown: RegExp][] = [
      ['Northwind Schools', /^Northwind Schools <no-reply@id\.example\.org>$/],
      ['Acme, Inc.', /^"?Acme, Inc\."? <no-reply@id\.example\.org>$/],
      ['Bank <evil@example.test>', /^"?Bank evil example\.test"? <no-reply@id\.example\.org>$/],
      ['A\r\nBcc: eve@example.test', /^"?A Bcc: eve example\.test"? <no-reply@id\.example\.org>$/],
      ['"" <x>, y', /^"?x, y"? <no-reply@id\.example\.org>$/],
      ['North\u202edniw', /^Northdniw <no-reply@id\.example\.org>$/],
      ['Fjällräven Skolor', /^Fjällräven Skolor <no-reply@id\.example\.org>$/],
    ];
    for (const [fromName, shown] of names) {
      await mailer.send({ ...mail, fromName });
      const received = mailbox.mails.at(-1);
      assert.match(received?.header('from') ?? '', shown);
      assert.equal(received?.header('bcc'), undefined);
      assert.deepEqual(received?.envelope, { from: 'no-reply@id.example.org', to: [mail.to] });
    }
  });

  it('has one Message-ID for every try', async () => {
    await mailer.send(mail);
    await mailer.send(mail);
    assert.deepEqual(
      mailbox.mails.map(({ messageId }) => messageId),
      Array(2).fill(`<${mail.id}@id.example.org>`),
    );
  });

  it('lets nothing in a subject become a header', async () => {
    await mailer.send({ ...mail, subject: 'Hello\r\nBcc: eve@example.test\r\n\r\n<p>body\u2028\0end' });
    const [received] = mailbox.mails;
    assert.deepEqual(received?.envelope.to, [mail.to]);
    assert.equal(received?.header('bcc'), undefined);
    assert.equal(received?.subject, 'Hello Bcc: eve@example.test <p>body end');
    assert.equal(received?.html.trim(), mail.html);
  });

  for (const to of [
    'ada@example.test, eve@example.test',
    'ada@example.test\r\nRCPT TO:<eve@example.test>',
    'ada@example.test>\r\nBcc: eve@example.test',
    '"ada@example.test" <eve@example.test>',
    'ada@example.test;eve@example.test',
    'group: ada@example.test;',
    'ada@exa\0mple.test',
    'a@b@example.test',
    'ada',
    '@example.test',
    '',
  ]) {
    it(`refuses ${JSON.stringify(to)} as an address, and contacts nobody`, async () => {
      const before = mailbox.connections();
      const error = await failure(mailer.send({ ...mail, to }));
      assert.deepEqual([error.permanent, error.notSent], [true, true]);
      assert.equal(mailbox.connections(), before);
    });
  }

  it('reaches addresses beyond ASCII', async () => {
    await mailer.send({ ...mail, to: 'åda@xn--bcher-kva.example' });
    const [received] = mailbox.mails;
    assert.equal(received?.envelope.to.length, 1);
    assert.match(received?.envelope.to[0] ?? '', /^åda@/);
  });

  const replies: [string, Parameters<Mailbox['refuse']>[0], boolean][] = [
    ['a recipient that is not known (550)', { code: 550, text: `no such user <${mail.to}>` }, true],
    ['a recipient that is greylisted (451)', { code: 451 }, false],
    ['content that is refused (554)', { code: 554, at: 'data' }, true],
    ['a mailbox that is full for now (452)', { code: 452, at: 'data' }, false],
    ['a server that is busy (421)', { code: 421, at: 'connect' }, false],
  ];
  for (const [what, reply, permanent] of replies) {
    it(`says of ${what} that it is ${permanent ? 'for good' : 'for now'}`, async () => {
      mailbox.refuse(reply);
      // On a connection of its own: a server says that it is busy when it greets.
      const fresh = mailerTo(mailbox.url);
      const error = await failure(fresh.send(mail));
      fresh.close();
      assert.equal(error.permanent, permanent);
      assert.equal(error.notSent, true);
      assert.equal(error.reason, String(reply?.code));
      assert.ok(!error.message.includes('ada'), error.message);
      mailbox.refuse(undefined);
      await mailer.send(mail);
      assert.equal(mailbox.mails.length, 1);
    });
  }

  it('says of a server that is away that it is for now, and works again when it is back', async () => {
    await mailer.send(mail);
    await mailbox.stop();
    // At once, or as soon as the end of the open connection is known here.
    await eventually(async () => {
      const error = await failure(mailer.send(mail));
      assert.deepEqual([error.permanent, error.notSent, error.reason], [false, true, 'ESOCKET']);
      return true;
    });
    await mailbox.restart();
    await mailer.send(mail);
    assert.equal(mailbox.mails.length, 2);
  });

  it('does not wait for ever for a server that says nothing', async () => {
    // Else the connection that is open already would do.
    const fresh = mailerTo(mailbox.url, { greetingMs: 300 });
    mailbox.hang(true);
    const error = await failure(fresh.send(mail));
    fresh.close();
    assert.deepEqual([error.permanent, error.notSent, error.reason], [false, true, 'ETIMEDOUT']);
  });

  it('does not know whether a mail was taken where the answer was lost', async () => {
    mailbox.hold(true);
    const sending = failure(mailer.send(mail));
    await eventually(() => mailbox.held() > 0);
    await mailbox.stop();
    const error = await sending;
    assert.deepEqual([error.permanent, error.notSent], [false, false]);
  });

  it('stops when it is told to', async () => {
    mailbox.hold(true);
    const error = await failure(mailer.send(mail, AbortSignal.timeout(100)));
    assert.deepEqual([error.permanent, error.reason], [false, 'EABORT']);
  });

  it('takes a refused login for a fault of the settings, not of the mail', async () => {
    const guarded = await startMailbox({ auth: { user: 'gate house', pass: 'p@ss/wörd' } });
    const right = mailerTo(guarded.url);
    const wrong = mailerTo(guarded.url.replace(/:[^:@]+@/, ':other@'));
    try {
      await right.send(mail);
      assert.equal(guarded.mails.length, 1);
      const error = await failure(wrong.send(mail));
      assert.deepEqual([error.permanent, error.notSent], [false, true]);
      assert.match(error.message, /535/);
      assert.ok(!error.message.includes('other'));
    } finally {
      right.close();
      wrong.close();
      await guarded.stop();
    }
  });

  it('sends nothing in clear beyond this machine, unless the URL says so', async () => {
    // Any other name for this machine is one that need not be this machine.
    const elsewhere = mailbox.url.replace('127.0.0.1', '0.0.0.0');
    const strict = mailerTo(elsewhere);
    const lenient = mailerTo(`${elsewhere}?requireTLS=false`);
    try {
      const error = await failure(strict.send(mail));
      assert.deepEqual([error.permanent, error.notSent, error.reason], [false, true, 'ETLS']);
      assert.equal(mailbox.mails.length, 0);
      await lenient.send(mail);
      assert.equal(mailbox.mails.length, 1);
    } finally {
      strict.close();
      lenient.close();
    }
  });

  it('is not there without a server', () => {
    assert.equal(
      createMailer({ smtpUrl: undefined, toFiles: false, from: 'a@example.org', directory: '/', log: assert.fail }),
      undefined,
    );
  });

  it('finds the address of a sender', () => {
    assert.equal(senderAddress('Gatehouse <a@example.org>'), 'a@example.org');
    assert.equal(senderAddress('a@example.org'), 'a@example.org');
  });
});

describe('mail in development', () => {
  let root: string;
  before(async () => {
    root = await mkdtemp(join(tmpdir(), 'gatehouse-mail-'));
  });
  after(() => rm(root, { recursive: true }));

  it('is written to a file for its owner alone, whose link is told', async () => {
    const directory = join(root, 'data', 'mail');
    const lines: string[] = [];
    const mailer = createMailer({
      smtpUrl: undefined,
      toFiles: true,
      from: 'Gatehouse <no-reply@localhost>',
      directory,
      log: (line) => lines.push(line),
    });
    await mailer?.send(mail);
    await mailer?.send(mail);
    assert.deepEqual(await readdir(directory), [`${mail.id}.eml`]);
    const [link = ''] = /file:\S+$/.exec(lines[0] ?? '') ?? [];
    assert.equal(fileURLToPath(link), join(directory, `${mail.id}.eml`));
    assert.equal((await stat(fileURLToPath(link))).mode & 0o777, 0o600);
    const written = readMail(await readFile(fileURLToPath(link), 'utf8'), { from: '', to: [] });
    assert.equal(written.subject, mail.subject);
    assert.equal(written.header('to'), mail.to);
    assert.equal(written.code, '123456');
    await assert.rejects(mailer?.send({ ...mail, to: 'a, b@example.test' }) ?? Promise.resolve(), DeliveryError);
  });
});
