/** The variables of mail and of messages to phones: what they ask of each other, and what they say. Names faults; never repeats a value. */
import { productName } from './platform/brand.ts';
import {
  isMailbox,
  isPhoneNumber,
  isSmsSender,
  isTwilioId,
  isUrlOf,
} from './platform/environment/environment-checks.ts';

export interface MailConfig {
  /** Absent: in development mail is written to `<dataDirectory>/mail`; elsewhere there is none. */
  readonly smtpUrl: string | undefined;
  readonly toFiles: boolean;
  /** Such as `Gatehouse <no-reply@id.example.org>`: the name of mails that no tenant sends. */
  readonly from: string;
  /** Messages a day for each tenant. */
  readonly dailyBudget: number;
}

export interface PhoneConfig {
  /** Absent: nothing is sent to phones. */
  readonly twilio:
    | {
        readonly accountSid: string;
        readonly authToken: string;
        readonly smsFrom: string | undefined;
        readonly whatsappFrom: string | undefined;
        readonly whatsappContentSid: string | undefined;
        readonly baseUrl: string;
      }
    | undefined;
  /** ISO 3166-1 alpha-2; a tenant's own list narrows it. Empty: the tenants' lists alone decide (never in production). */
  readonly countries: readonly string[];
  /** SMS and WhatsApp messages a day for each tenant. */
  readonly dailyBudget: number;
}

interface MailVariables {
  SMTP_URL?: string | undefined;
  MAIL_FROM?: string | undefined;
}

interface PhoneVariables {
  TWILIO_ACCOUNT_SID?: string | undefined;
  TWILIO_AUTH_TOKEN?: string | undefined;
  TWILIO_SMS_FROM?: string | undefined;
  TWILIO_WHATSAPP_FROM?: string | undefined;
  TWILIO_WHATSAPP_CONTENT_SID?: string | undefined;
  TWILIO_BASE_URL: string;
  PHONE_COUNTRIES: readonly string[];
}

/** What is begun must be whole. */
export function checkMail(env: MailVariables, production: boolean, faults: string[]): void {
  if (env.SMTP_URL !== undefined && (!isUrlOf(env.SMTP_URL, ['smtp:', 'smtps:']) || !new URL(env.SMTP_URL).hostname))
    faults.push('SMTP_URL: must be a URL such as smtps://user:password@mail.example.org');
  if (production && env.SMTP_URL !== undefined && env.MAIL_FROM === undefined)
    faults.push('MAIL_FROM: is required with SMTP_URL in production, for example Gatehouse <no-reply@id.example.org>');
  if (env.MAIL_FROM !== undefined && !isMailbox(env.MAIL_FROM))
    faults.push('MAIL_FROM: must be a mail address such as Gatehouse <no-reply@id.example.org>');
}

/** What is begun must be whole, and in production what costs money must be bounded. */
export function checkPhone(env: PhoneVariables, given: NodeJS.ProcessEnv, production: boolean, faults: string[]): void {
  const accountSid = env.TWILIO_ACCOUNT_SID;
  const authToken = env.TWILIO_AUTH_TOKEN;
  const senders = [env.TWILIO_SMS_FROM, env.TWILIO_WHATSAPP_FROM].filter(Boolean);
  if ((accountSid ?? authToken ?? senders[0]) !== undefined) {
    if (accountSid === undefined) faults.push('TWILIO_ACCOUNT_SID: is required to send messages to phones');
    else if (!isTwilioId('AC', accountSid))
      faults.push('TWILIO_ACCOUNT_SID: must be AC and 32 digits or letters a to f');
    if (authToken === undefined) faults.push('TWILIO_AUTH_TOKEN: is required to send messages to phones');
    if (senders.length === 0) faults.push('TWILIO_SMS_FROM: name a sender here or in TWILIO_WHATSAPP_FROM');
    if (env.TWILIO_SMS_FROM !== undefined && !isSmsSender(env.TWILIO_SMS_FROM))
      faults.push('TWILIO_SMS_FROM: must be a number such as +33612345678, or the id of a messaging service (MG…)');
    if (env.TWILIO_WHATSAPP_FROM !== undefined && !isPhoneNumber(env.TWILIO_WHATSAPP_FROM))
      faults.push('TWILIO_WHATSAPP_FROM: must be a number such as +33612345678');
    if (production && env.PHONE_COUNTRIES.length === 0)
      faults.push('PHONE_COUNTRIES: is required in production with Twilio: the countries that messages may go to');
    if (production && given.PHONE_DAILY_BUDGET === undefined)
      faults.push('PHONE_DAILY_BUDGET: is required in production with Twilio: messages a day for each tenant');
  }
  if (env.TWILIO_WHATSAPP_CONTENT_SID !== undefined) {
    if (!isTwilioId('HX', env.TWILIO_WHATSAPP_CONTENT_SID))
      faults.push('TWILIO_WHATSAPP_CONTENT_SID: must be HX and 32 digits or letters a to f');
    if (env.TWILIO_WHATSAPP_FROM === undefined)
      faults.push('TWILIO_WHATSAPP_FROM: is required with TWILIO_WHATSAPP_CONTENT_SID');
  }
  if (!isUrlOf(env.TWILIO_BASE_URL, production ? ['https:'] : ['https:', 'http:']))
    faults.push('TWILIO_BASE_URL: must be an https URL');
}

interface MessageVariables extends MailVariables, PhoneVariables {
  NODE_ENV: string;
  BRAND_NAME?: string | undefined;
  EMAIL_DAILY_BUDGET: number;
  PHONE_DAILY_BUDGET: number;
}

/** What they say, once they are known to fit together. */
export function messagesOf(env: MessageVariables, issuer: string): { mail: MailConfig; phone: PhoneConfig } {
  const { TWILIO_ACCOUNT_SID: accountSid, TWILIO_AUTH_TOKEN: authToken } = env;
  const host = URL.parse(issuer)?.hostname ?? 'localhost';
  return {
    mail: {
      smtpUrl: env.SMTP_URL,
      toFiles: env.NODE_ENV === 'development' && env.SMTP_URL === undefined,
      from: env.MAIL_FROM ?? `${env.BRAND_NAME ?? productName} <no-reply@${host}>`,
      dailyBudget: env.EMAIL_DAILY_BUDGET,
    },
    phone: {
      twilio:
        accountSid !== undefined && authToken !== undefined
          ? {
              accountSid,
              authToken,
              smsFrom: env.TWILIO_SMS_FROM,
              whatsappFrom: env.TWILIO_WHATSAPP_FROM,
              whatsappContentSid: env.TWILIO_WHATSAPP_CONTENT_SID,
              baseUrl: env.TWILIO_BASE_URL.replace(/\/+$/, ''),
            }
          : undefined,
      countries: env.PHONE_COUNTRIES,
      dailyBudget: env.PHONE_DAILY_BUDGET,
    },
  };
}
