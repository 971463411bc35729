/** What the operations on people share: how a person is named and answered. */
import { z } from 'zod';
import { externalId, id, name, text, time } from './shapes.ts';

export const personParams = z.strictObject({ user_id: id });

/** For `needs.person`. */
export const named = ({ params }: { params: { user_id: string } }): string => params.user_id;

const metadata = z.record(z.string().max(200), z.unknown()).meta({
  description: 'What applications keep with the person: at most 16 KB',
  example: { room: '12' },
});

export const User = z
  .object({
    id,
    email: z.string().nullable(),
    email_verified: z.boolean(),
    phone: z.string().nullable(),
    phone_verified: z.boolean(),
    username: z.string().nullable(),
    external_id: z.string().nullable(),
    full_name: z.string().nullable(),
    given_name: z.string().nullable(),
    family_name: z.string().nullable(),
    picture_url: z.string().nullable(),
    state: z.enum(['active', 'inactive']),
    mfa_required: z.boolean(),
    mfa_enabled: z.boolean().meta({ description: 'Whether a second factor is enrolled' }),
    metadata: z.record(z.string(), z.unknown()),
    last_login_at: time.nullable(),
    password_changed_at: time.nullable().meta({ description: 'Null: they have no password' }),
    created_at: time,
    updated_at: time,
  })
  .meta({ id: 'User' });

export const UserSettings = z
  .object({
    locale: z.string().nullable(),
    zoneinfo: z.string().nullable(),
    theme: z.enum(['light', 'dark', 'system']),
    notify_by_email: z.boolean(),
    notify_in_app: z.boolean(),
  })
  .meta({ id: 'UserSettings' });

const locale = text(100).nullish().meta({ description: 'BCP 47', example: 'fr-CH' });
const zoneinfo = text(100).nullish().meta({ description: 'IANA time zone', example: 'Europe/Zurich' });

export const newSettings = {
  locale,
  zoneinfo,
  theme: UserSettings.shape.theme.optional(),
  notify_by_email: z.boolean().optional(),
  notify_in_app: z.boolean().optional(),
};

/** What signs a person in, or could be made to. */
export const credentials = {
  email: text(320).nullish(),
  email_verified: z.boolean().optional().meta({ description: 'Whether the address is known to be theirs' }),
  phone: text(64).nullish().meta({ description: 'With its country code', example: '+41791234567' }),
  phone_verified: z.boolean().optional(),
  username: text(64).nullish().meta({ description: 'Unique in the tenant, whatever its case' }),
  mfa_required: z.boolean().optional(),
};

/** Whether a change touches what signs the person in. */
export function touchesCredentials(body: Record<string, unknown>): boolean {
  return Object.keys(credentials).some((member) => body[member] !== undefined);
}

export const profile = {
  external_id: externalId.nullish(),
  full_name: name.nullish(),
  given_name: name.nullish(),
  family_name: name.nullish(),
  picture_url: text(2000).nullish().meta({ description: 'An https address' }),
  metadata: metadata.optional(),
};

type Body = z.output<ReturnType<typeof bodyOf>>;
const bodyOf = () => z.strictObject({ ...credentials, ...profile });

/** As the domain calls it. */
export function profileOf(body: Body) {
  return {
    email: body.email,
    emailVerified: body.email_verified,
    phone: body.phone,
    phoneVerified: body.phone_verified,
    username: body.username,
    mfaRequired: body.mfa_required,
    externalId: body.external_id,
    fullName: body.full_name,
    givenName: body.given_name,
    familyName: body.family_name,
    pictureUrl: body.picture_url,
    metadata: body.metadata,
  };
}

export const ChangedUser = bodyOf();
