import type { Knex } from 'knex';

/** How a provider gives its answer, and by which actions an API asks about a capability. */
export async function up(db: Knex): Promise<void> {
  await db.raw(`
    set local lock_timeout = '5s';
    alter table capabilities
      add column action            text,
      add column action_properties jsonb,
      add constraint capabilities_action_length check (char_length(action) between 1 and 100),
      add constraint capabilities_action_properties_is_object check (jsonb_typeof(action_properties) = 'object'),
      add constraint capabilities_properties_of_action check (action_properties is null or action is not null);
    alter table identity_providers
      add column response_mode text not null default 'query',
      add constraint identity_providers_response_mode_known check (response_mode in ('query', 'form_post'));
  `);
}

export async function down(db: Knex): Promise<void> {
  await db.raw(`
    alter table identity_providers drop column response_mode;
    alter table capabilities drop column action, drop column action_properties;
  `);
}
