/** Operations on referrals: by whose code people came, and what came of it. */
import { z } from 'zod';
import {
  findReferral,
  findReferralCode,
  listReferralCodes,
  listReferrals,
} from '../domain/referrals/listed-referrals.ts';
import { changeReferralCode, ensureReferralCode, settleReferral } from '../domain/referrals/referrals.ts';
import { operation } from './operation.ts';
import { personParams } from './person.ts';
import { id, listedNames, pageQuery, time, timeIn } from './shapes.ts';

const status = z
  .enum(['pending', 'completed_signup', 'subscription_activated'])
  .meta({ description: '`pending` until the new person signs in for the first time' });
const Referral = z
  .object({
    id,
    referrer_user_id: id,
    referred_user_id: id,
    status,
    converted_at: time.nullable().meta({ description: 'When it stopped being pending' }),
    created_at: time,
  })
  .meta({ id: 'Referral' });
const { user_name: personName } = listedNames;
const ListedReferral = Referral.extend({ referrer_name: personName, referred_name: personName }).meta({
  id: 'ListedReferral',
});
const ReferralCode = z
  .object({
    id,
    user_id: id,
    code: z.string(),
    is_active: z.boolean(),
    expires_at: time.nullable(),
    created_at: time,
  })
  .meta({ id: 'ReferralCode' });
const codeState = z
  .enum(['working', 'stopped', 'expired', 'owner_inactive', 'owner_deleted'])
  .meta({ description: 'Whether it counts for those who sign up now, and why not' });
const howMany = (description: string) => z.int().meta({ description });
const ListedReferralCode = ReferralCode.extend({
  user_name: personName,
  state: codeState,
  pending: howMany('How many signed up by it and have not signed in yet'),
  completed_signup: howMany('How many have signed in since'),
  subscription_activated: howMany('How many have taken a subscription'),
}).meta({ id: 'ListedReferralCode' });
const params = z.strictObject({ referral_id: id });

export const referrals = [
  operation({
    id: 'referrals.list',
    method: 'GET',
    path: '/referrals',
    summary: 'List who came by whose code',
    needs: { capability: 'referrals.manage', at: 'root' },
    query: pageQuery.extend({ referrer_user_id: id.optional(), status: status.optional() }),
    list: true,
    answer: ListedReferral,
    run: ({ db, tenantId, query }) => {
      const { referrer_user_id: referrerUserId, ...page } = query;
      return listReferrals(db, { tenantId, referrerUserId, ...page });
    },
  }),
  operation({
    id: 'referrals.get',
    method: 'GET',
    path: '/referrals/{referral_id}',
    summary: 'Show who came by whose code',
    needs: { capability: 'referrals.manage', at: 'root' },
    params,
    answer: ListedReferral,
    run: ({ db, tenantId, params }) => findReferral(db, { tenantId, referralId: params.referral_id }),
  }),
  operation({
    id: 'referrals.settle',
    method: 'POST',
    path: '/referrals/{referral_id}/settle',
    summary: 'Say that a referred person has taken a subscription',
    description: 'Once more does no harm.',
    needs: { capability: 'referrals.manage', at: 'root' },
    params,
    answer: Referral,
    errors: ['REFERRAL_PENDING'],
    run: ({ db, tenantId, params, actor }) =>
      settleReferral(db, { tenantId, referralId: params.referral_id }, actor.caller),
  }),
  operation({
    id: 'referrals.codes',
    method: 'GET',
    path: '/referral-codes',
    summary: 'List the referral codes of people, and what came of them',
    needs: { capability: 'referrals.manage', at: 'root' },
    query: pageQuery.extend({ state: codeState.optional() }),
    list: true,
    answer: ListedReferralCode,
    run: ({ db, tenantId, query }) => listReferralCodes(db, { tenantId, ...query }),
  }),
  operation({
    id: 'referrals.get_code',
    method: 'GET',
    path: '/users/{user_id}/referral-code',
    summary: 'Show the referral code of a person, and what came of it',
    description: 'Makes none.',
    needs: { capability: 'referrals.manage', at: 'root' },
    params: personParams,
    answer: ListedReferralCode,
    run: ({ db, tenantId, params }) => findReferralCode(db, { tenantId, userId: params.user_id }),
  }),
  operation({
    id: 'referrals.ensure_code',
    method: 'PUT',
    path: '/users/{user_id}/referral-code',
    summary: 'Show the referral code of a person, which is made the first time',
    needs: { capability: 'referrals.manage', at: 'root' },
    params: personParams,
    answer: ReferralCode,
    run: ({ db, tenantId, params, actor }) =>
      ensureReferralCode(db, { tenantId, userId: params.user_id }, actor.caller),
  }),
  operation({
    id: 'referrals.change_code',
    method: 'PATCH',
    path: '/users/{user_id}/referral-code',
    summary: 'Switch the referral code of a person off or on, or say until when it works',
    description: 'Who came by it before stays referred.',
    needs: { capability: 'referrals.manage', at: 'root' },
    params: personParams,
    body: z.strictObject({
      is_active: z.boolean().optional(),
      expires_at: timeIn.nullish().meta({ description: 'From when on it counts for nothing; null: never' }),
    }),
    answer: ReferralCode,
    run: ({ db, tenantId, params, body, actor }) => {
      const { is_active: isActive, expires_at: expiresAt } = body;
      return changeReferralCode(db, { tenantId, userId: params.user_id, isActive, expiresAt }, actor.caller);
    },
  }),
];
