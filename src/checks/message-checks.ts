/**
 * What is asked of those who carry messages: the mail server and Twilio, each as the server itself would
 * reach it. Refuses to send anything to anybody, but for the one test mail that an operator asks for by address.
 */
import { join } from 'node:path';
import type { Config } from '../config.ts';
import type { Check } from '../management/check.ts';
import { DeliveryError } from '../platform/delivery-error.ts';
import { newId } from '../platform/ids.ts';
import type { Mailer } from '../platform/mailer.ts';

// Their libraries are loaded where a provider is configured: they are half of the time of a small command.

async function mailerOf({ mail, dataDirectory }: Config, log: (line: string) => void): Promise<Mailer | undefined> {
  const { createMailer } = await import('../platform/mailer.ts');
  return createMailer({ ...mail, directory: join(dataDirectory, 'mail'), log });
}

/** Host and port, never the credentials. */
function serverOf(smtpUrl: string): string {
  const { protocol, hostname, port } = new URL(smtpUrl);
  return `${hostname}:${port || (protocol === 'smtps:' ? 465 : 587)}`;
}

function mailAdvice({ reason, message }: DeliveryError): string {
  if (reason === 'EAUTH' || reason === 'ENOAUTH' || /^53[045]$/.test(reason))
    return 'Correct the user and the password in SMTP_URL. What has a meaning in a URL is written by its code: @ as %40.';
  if (reason === 'ETLS' || reason === 'EREQUIRETLS' || /certificate|SSL|TLS/.test(message))
    return 'smtps:// is for a server that begins with TLS (port 465), smtp:// for one with STARTTLS (587). The certificate must be valid.';
  return 'Correct the host and the port in SMTP_URL, and let this machine connect to it: many networks block port 25.';
}

/** The mail server answers, and lets us in. Nothing is sent. */
export async function checkMail(config: Config): Promise<Check> {
  const name = 'mail';
  const { smtpUrl, toFiles, from } = config.mail;
  if (smtpUrl === undefined) {
    if (toFiles) return { name, status: 'ok', detail: `no server: written to ${join(config.dataDirectory, 'mail')}` };
    const advice = 'Set SMTP_URL and MAIL_FROM: nobody gets codes, recovery links or invitations by email until then.';
    return { name, status: 'warn', detail: 'no server is configured', advice };
  }
  const mailer = await mailerOf(config, () => undefined);
  const startedAt = performance.now();
  try {
    await mailer?.check();
    const ms = Math.round(performance.now() - startedAt);
    const unicode =
      (await mailer?.takesUnicode()) === false
        ? '; it has no SMTPUTF8 (RFC 6531), so addresses with letters beyond ASCII before the @ are refused where they are typed'
        : '';
    return { name, status: 'ok', detail: `${serverOf(smtpUrl)} answers in ${ms} ms; from ${from}${unicode}` };
  } catch (error) {
    if (!(error instanceof DeliveryError)) throw error;
    const detail = `${serverOf(smtpUrl)}: ${error.message}`;
    return { name, status: 'fail', detail, advice: mailAdvice(error) };
  } finally {
    mailer?.close();
  }
}

/**
 * Sends one mail as the server would, and counts it for no tenant.
 * @param to a canonical address
 */
export async function sendTestMail(config: Config, to: string): Promise<Check> {
  const name = 'test mail';
  let written: string | undefined;
  const mailer = await mailerOf(config, (line) => {
    written = line;
  });
  if (!mailer)
    return { name, status: 'fail', detail: 'no mail server is configured', advice: 'Set SMTP_URL and MAIL_FROM.' };
  const text = `This is a test of the mail that ${config.issuer} sends. The person who runs it asked for it with gatehouse doctor.`;
  const html = `<p>${text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')}</p>`;
  try {
    await mailer.send({ id: newId(), to, subject: 'A test of mail from Gatehouse', text: `${text}\n`, html });
    const taken = `taken for ${to}; whether it arrives is up to the mailbox`;
    return { name, status: 'ok', detail: written ?? taken };
  } catch (error) {
    if (!(error instanceof DeliveryError)) throw error;
    const advice = error.permanent
      ? 'The server refuses this mail. MAIL_FROM must be a sender that it lets this user be, the address one that it delivers to.'
      : mailAdvice(error);
    return { name, status: 'fail', detail: error.message, advice };
  } finally {
    mailer.close();
  }
}

/** Twilio knows the account and takes the credentials. Nothing is sent. */
export async function checkPhones({ phone }: Config): Promise<Check> {
  const name = 'phones';
  const { twilio, countries, dailyBudget } = phone;
  if (!twilio) return { name, status: 'ok', detail: 'no provider: no SMS, no WhatsApp' };
  const { createPhoneMessages } = await import('../platform/phone-messages.ts');
  const { baseUrl, smsFrom, whatsappFrom, whatsappContentSid } = twilio;
  try {
    const account = await createPhoneMessages(twilio).findAccount();
    if (account.status !== 'active') {
      const advice = 'Nothing is sent until it is active again: look at it in the console of Twilio.';
      return { name, status: 'fail', detail: `Twilio account ${account.name} is ${account.status}`, advice };
    }
    const detail = [
      `Twilio account ${account.name}`,
      ...(smsFrom === undefined ? [] : [`SMS from ${smsFrom}`]),
      ...(whatsappFrom === undefined ? [] : [`WhatsApp from ${whatsappFrom}`]),
      `to ${countries.join(', ') || "the countries of the tenants' lists"}`,
      `${dailyBudget} a day for each tenant`,
    ].join('; ');
    if (account.isTrial) {
      const advice = 'It is a trial account: it sends to numbers alone that were verified there.';
      return { name, status: 'warn', detail, advice };
    }
    if (whatsappFrom !== undefined && whatsappContentSid === undefined) {
      const advice =
        'Set TWILIO_WHATSAPP_CONTENT_SID: WhatsApp takes codes by an approved template, and other text within 24 hours of an answer alone.';
      return { name, status: 'warn', detail, advice };
    }
    return { name, status: 'ok', detail };
  } catch (error) {
    if (!(error instanceof DeliveryError)) throw error;
    const { reason } = error;
    if (['401', '404', '20003', '20404'].includes(reason)) {
      const advice =
        'Copy TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN from its console. A region has a TWILIO_BASE_URL of its own.';
      return { name, status: 'fail', detail: `Twilio refuses the credentials: error ${reason}`, advice };
    }
    const what = /^\d+$/.test(reason) ? `answers with error ${reason}` : `cannot be reached: ${reason}`;
    return {
      name,
      status: 'fail',
      detail: `${baseUrl} ${reason === 'EANSWER' ? 'does not answer as Twilio does' : what}`,
      advice: 'Let this machine connect to TWILIO_BASE_URL. Messages wait meanwhile, and codes go out of date.',
    };
  }
}
