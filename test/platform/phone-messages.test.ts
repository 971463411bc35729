import assert from 'node:assert/strict';
import { DeliveryError } from '../../src/platform/delivery-error.ts';
import { createPhoneMessages, type PhoneMessages, type TwilioOptions } from '../../src/platform/phone-messages.ts';
import { eventually } from '../support/eventually.ts';
import { listen } from '../support/loopback.ts';
import { startTwilioServer, type TwilioServer } from '../support/twilio-server.ts';

const phone = '+33612345678';

async function failure(sending: Promise<void>): Promise<DeliveryError> {
  const error = await sending.then(
    () => assert.fail('it was sent'),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof DeliveryError, String(error));
  assert.ok(!error.message.includes(phone), error.message);
  return error;
}

describe('sending messages to phones', () => {
  let twilio: TwilioServer;
  let phones: PhoneMessages;

  function through(overrides: Partial<TwilioOptions> = {}): PhoneMessages {
    return createPhoneMessages({
      accountSid: twilio.accountSid,
      authToken: twilio.authToken,
      smsFrom: twilio.smsFrom,
      whatsappFrom: twilio.whatsappFrom,
      whatsappContentSid: undefined,
      baseUrl: twilio.url,
      ...overrides,
    });
  }

  before(async () => {
    twilio = await startTwilioServer();
    phones = through();
  });
  afterEach(async () => {
    twilio.fail(undefined);
    twilio.slow(0);
    twilio.hang(false);
    twilio.messages.length = 0;
    await twilio.restart();
  });
  after(() => twilio?.stop());

  it('sends an SMS from a number, as it was written', async () => {
    await phones.send({ channel: 'sms', to: phone, text: 'Code: 123456\n\n@id.example.org #123456', code: '123456' });
    assert.deepEqual(
      twilio.messages.map(({ fields }) => fields),
      [{ To: phone, From: twilio.smsFrom, Body: 'Code: 123456\n\n@id.example.org #123456' }],
    );
    assert.equal(twilio.messages[0]?.code, '123456');
  });

  it('sends an SMS through a messaging service, good for as long as its code', async () => {
    const service = `MG${'0a'.repeat(16)}`;
    for (const validForSeconds of [299.6, 0.2, 90_000])
      await through({ smsFrom: service }).send({ channel: 'sms', to: phone, text: 'é', validForSeconds });
    assert.deepEqual(
      twilio.messages.map(({ fields }) => [fields.MessagingServiceSid, fields.From, fields.ValidityPeriod]),
      [
        [service, undefined, '299'],
        [service, undefined, '1'],
        [service, undefined, '14400'],
      ],
    );
  });

  it('sends WhatsApp messages, codes by the approved template where there is one', async () => {
    await phones.send({ channel: 'whatsapp', to: phone, text: 'Code: 123456', code: '123456' });
    const contentSid = `HX${'0b'.repeat(16)}`;
    const approved = through({ whatsappContentSid: contentSid });
    await approved.send({ channel: 'whatsapp', to: phone, text: 'Code: 123456', code: '123456' });
    await approved.send({ channel: 'whatsapp', to: phone, text: 'No code' });
    const addresses = { To: `whatsapp:${phone}`, From: `whatsapp:${twilio.whatsappFrom}` };
    assert.deepEqual(
      twilio.messages.map(({ fields }) => fields),
      [
        { ...addresses, Body: 'Code: 123456' },
        { ...addresses, ContentSid: contentSid, ContentVariables: '{"1":"123456"}' },
        { ...addresses, Body: 'No code' },
      ],
    );
  });

  const answers: [string, { status: number; code?: number }, { permanent: boolean; notSent: boolean }][] = [
    ['a number that is none', { status: 400, code: 21211 }, { permanent: true, notSent: true }],
    ['a number that wants no messages', { status: 400, code: 21610 }, { permanent: true, notSent: true }],
    ['a country that is not enabled', { status: 403, code: 21408 }, { permanent: true, notSent: true }],
    ['too many requests', { status: 429, code: 20429 }, { permanent: false, notSent: true }],
    ['a wrong token', { status: 401, code: 20003 }, { permanent: false, notSent: true }],
    ['a fault at Twilio', { status: 500, code: 20500 }, { permanent: false, notSent: false }],
    ['an outage at Twilio', { status: 503, code: 20503 }, { permanent: false, notSent: false }],
  ];
  for (const [what, answer, expected] of answers) {
    it(`says of ${what} (${answer.status}) that it is ${expected.permanent ? 'for good' : 'for now'}`, async () => {
      twilio.fail({ ...answer, message: `The number ${phone} cannot be reached` });
      const before = twilio.requests();
      const { permanent, notSent, reason } = await failure(phones.send({ channel: 'sms', to: phone, text: 'x' }));
      assert.deepEqual({ permanent, notSent }, expected);
      assert.equal(reason, String(answer.code));
      assert.equal(twilio.requests() - before, 1, 'the queue repeats, and nobody else');
    });
  }

  it('says of Twilio away that it is for now, and works again when it is back', async () => {
    await phones.send({ channel: 'sms', to: phone, text: 'x' });
    await twilio.stop();
    // At once, or as soon as the end of the open connection is known here.
    await eventually(async () => {
      const error = await failure(phones.send({ channel: 'sms', to: phone, text: 'x' }));
      assert.deepEqual([error.permanent, error.notSent, error.reason], [false, true, 'ECONNREFUSED']);
      return true;
    });
    await twilio.restart();
    await phones.send({ channel: 'sms', to: phone, text: 'x' });
    assert.equal(twilio.messages.length, 2);
  });

  it('waits a time for an answer, and then does not know', async () => {
    twilio.hang(true);
    const error = await failure(through({ timeoutMs: 300 }).send({ channel: 'sms', to: phone, text: 'x' }));
    assert.deepEqual([error.permanent, error.notSent, error.reason], [false, false, 'ETIMEDOUT']);
  });

  it('stops when it is told to', async () => {
    twilio.hang(true);
    const error = await failure(phones.send({ channel: 'sms', to: phone, text: 'x' }, AbortSignal.timeout(100)));
    assert.equal(error.permanent, false);
  });

  it('follows no redirect with its credentials, and reads no answer without end', async () => {
    let asked = 0;
    const thief = await listen((_req, res) => {
      asked += 1;
      res.end();
    });
    const endless = await listen((req, res) => {
      res.writeHead(201, { 'content-type': 'application/json' });
      const timer = setInterval(() => res.write(' '.repeat(16_384)), 1);
      req.once('close', () => clearInterval(timer));
      res.once('close', () => clearInterval(timer));
    });
    const redirecting = await listen((_req, res) => res.writeHead(307, { location: `${thief.url}/x` }).end());
    try {
      const moved = await failure(through({ baseUrl: redirecting.url }).send({ channel: 'sms', to: phone, text: 'x' }));
      assert.deepEqual([moved.permanent, asked], [false, 0]);
      const patient = through({ baseUrl: endless.url, timeoutMs: 3_600_000 });
      const endlessly = await failure(patient.send({ channel: 'sms', to: phone, text: 'x' }));
      assert.equal(endlessly.permanent, false);
    } finally {
      await Promise.all([thief.close(), endless.close(), redirecting.close()]);
    }
  });
});
