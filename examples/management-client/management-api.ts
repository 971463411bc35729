// Made from the OpenAPI document by `npm run docs`. Do not change it by hand.

export interface paths {
    "/api-keys": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List API keys, those that have ended too
         * @description Needs `api_keys.manage`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS.
         */
        get: operations["api_keys.list"];
        put?: never;
        /**
         * Make an API key of a place, or one of your own
         * @description The answer alone holds the key. It lives 90 days if nothing else is said. docs/api-keys.md says what it looks like.
         *
         *     Needs `api_keys.manage`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS, INVALID_INPUT, PERIOD_INVALID, PRIVILEGE_EXCEEDED.
         */
        post: operations["api_keys.create"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api-keys/{api_key_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show an API key; what it is is told by nobody
         * @description Needs `api_keys.manage`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS.
         */
        get: operations["api_keys.get"];
        put?: never;
        post?: never;
        /**
         * End an API key at once, and for good
         * @description Needs `api_keys.manage`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS.
         */
        delete: operations["api_keys.revoke"];
        options?: never;
        head?: never;
        /**
         * Change what an API key is called or good for, until when, and whether it counts
         * @description Needs `api_keys.manage`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS, API_KEY_ENDED, INVALID_INPUT, PERIOD_INVALID, PRIVILEGE_EXCEEDED.
         */
        patch: operations["api_keys.update"];
        trace?: never;
    };
    "/assignments": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List who holds which role where
         * @description Needs `users.read`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS.
         */
        get: operations["assignments.list"];
        put?: never;
        /**
         * Give a person a role at a place for a time
         * @description It reaches the node and everything below it. A role in the whole tenant is one at the root.
         *
         *     Needs `roles.assign`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS, PERIOD_INVALID, PERIOD_OVERLAP, PRIVILEGE_EXCEEDED.
         */
        post: operations["assignments.create"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/assignments/{assignment_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show an assignment
         * @description Needs `users.read`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS.
         */
        get: operations["assignments.get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        /**
         * Change when an assignment ends, or when one to come begins
         * @description Needs `roles.assign`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS, PERIOD_INVALID, PERIOD_OVERLAP, LAST_OWNER, PRIVILEGE_EXCEEDED.
         */
        patch: operations["assignments.update"];
        trace?: never;
    };
    "/assignments/{assignment_id}/end": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * End an assignment now, or at a later moment
         * @description One that has not begun by then is withdrawn. What was stays on record.
         *
         *     Needs `roles.assign`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS, PERIOD_INVALID, LAST_OWNER, PRIVILEGE_EXCEEDED.
         */
        post: operations["assignments.end"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/audit-events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List what was done in the tenant
         * @description The newest first.
         *
         *     Needs `audit.read`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS.
         */
        get: operations["audit_events.list"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/audit-events/{audit_event_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show one event of the audit trail
         * @description Needs `audit.read`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS.
         */
        get: operations["audit_events.get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/audit-events/{audit_event_id}/proof": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Prove that an event was in the trail when its hour was sealed
         * @description What is answered is checked without the server: examples/verify-audit-proof does it.
         *
         *     Needs `audit.read`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS, AUDIT_EVENT_UNSEALED, AUDIT_EVENT_CHANGED.
         */
        get: operations["audit_events.proof"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/audit-events/export": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Export what was done in the tenant
         * @description A stream of any length, the oldest event first: NDJSON, one `AuditEvent` a line, or CSV, whose cells no spreadsheet takes for formulas. What comes later than the request is left out. A stream that breaks off was cut: a whole one ends properly. The export is an event itself.
         *
         *     Needs `audit.read`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS.
         */
        post: operations["audit_events.export"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/audit-events/server": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List what was done to the server itself
         * @description Events of no tenant, such as a signing key that was rotated. The newest first.
         *
         *     Needs `audit.read`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS.
         */
        get: operations["audit_events.list_server"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/audit-events/tail": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Follow what is done in the tenant as it happens
         * @description Server-sent events: `audit` with an `AuditEvent` as data and its id; `skipped` where more happened than is told here; `end` when it is over. `Last-Event-ID` goes on after an event. Events of every process come within two seconds. It ends within a second when the token or the capability does.
         *
         *     Needs `audit.read`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS, TOO_MANY_LISTENERS.
         */
        get: operations["audit_events.tail"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/audit-seals": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List the seals of the trail
         * @description Those of the tenant, the newest first.
         *
         *     Needs `audit.read`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS.
         */
        get: operations["audit_seals.list"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/audit-seals/{audit_seal_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show one seal of the trail
         * @description Needs `audit.read`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS.
         */
        get: operations["audit_seals.get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/audit-seals/keys": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List the public keys that sign seals
         * @description The newest first. A seal is believed by one of these alone.
         *
         *     Needs `audit.read`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS.
         */
        get: operations["audit_seals.keys"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/audit-seals/keys/rotate": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Let a new key sign seals from now on
         * @description What was sealed before stays good: the public key stays, and the private one goes.
         *
         *     Needs `keys.manage`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS.
         */
        post: operations["audit_seals.rotate_key"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/audit-seals/server": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List the seals of the server
         * @description Each holds the seals of all tenants of its hour, and the events of none. The newest first.
         *
         *     Needs `audit.read`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS.
         */
        get: operations["audit_seals.list_server"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/audit-seals/state": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Say how far the trail is sealed
         * @description Needs `audit.read`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS.
         */
        get: operations["audit_seals.state"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/bulk/assignments": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Give a person a role at a place for a time: up to 1,000 at once
         * @description Each row is `assignments.create`, by itself, and has its own result. With an Idempotency-Key a request that broke off goes on where it stopped.
         *
         *     Needs `roles.assign`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS, IDEMPOTENCY_KEY_INVALID, IDEMPOTENCY_KEY_REUSED, PERIOD_INVALID, PERIOD_OVERLAP, PRIVILEGE_EXCEEDED.
         */
        post: operations["assignments.bulk_create"];
        delete?: never;
        options?: never;
        head?: never;
        /**
         * Change when an assignment ends, or when one to come begins: up to 1,000 at once
         * @description Each row is `assignments.update`, by itself, and has its own result. With an Idempotency-Key a request that broke off goes on where it stopped.
         *
         *     Needs `roles.assign`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS, IDEMPOTENCY_KEY_INVALID, IDEMPOTENCY_KEY_REUSED, PERIOD_INVALID, PERIOD_OVERLAP, LAST_OWNER, PRIVILEGE_EXCEEDED.
         */
        patch: operations["assignments.bulk_update"];
        trace?: never;
    };
    "/bulk/invitations": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Invite the holder of an address to a role at a place: up to 1,000 at once
         * @description Each row is `invitations.create`, by itself, and has its own result. With an Idempotency-Key a request that broke off goes on where it stopped.
         *
         *     Needs `invitations.manage`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS, IDEMPOTENCY_KEY_INVALID, IDEMPOTENCY_KEY_REUSED, CHANNEL_UNAVAILABLE, MESSAGES_EXHAUSTED, PERIOD_INVALID, PRIVILEGE_EXCEEDED, EMAIL_INVALID, EMAIL_NOT_SUPPORTED, PHONE_INVALID, PHONE_NOT_SUPPORTED, FIELD_REQUIRED, INVALID_INPUT.
         */
        post: operations["invitations.bulk_create"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/bulk/org-nodes": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Add a node below another: up to 1,000 at once
         * @description Each row is `org_nodes.create`, by itself, and has its own result. With an Idempotency-Key a request that broke off goes on where it stopped.
         *
         *     Needs `org.manage`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS, IDEMPOTENCY_KEY_INVALID, IDEMPOTENCY_KEY_REUSED, DUPLICATE, ORG_PARENT_INVALID.
         */
        post: operations["org_nodes.bulk_create"];
        delete?: never;
        options?: never;
        head?: never;
        /**
         * Change what a node is called and what it is: up to 1,000 at once
         * @description Each row is `org_nodes.update`, by itself, and has its own result. With an Idempotency-Key a request that broke off goes on where it stopped.
         *
         *     Needs `org.manage`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS, IDEMPOTENCY_KEY_INVALID, IDEMPOTENCY_KEY_REUSED, DUPLICATE, ORG_ROOT_FIXED.
         */
        patch: operations["org_nodes.bulk_update"];
        trace?: never;
    };
    "/bulk/users": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Make a person: up to 1,000 at once
         * @description Each row is `users.create`, by itself, and has its own result. With an Idempotency-Key a request that broke off goes on where it stopped.
         *
         *     Needs `users.manage`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS, IDEMPOTENCY_KEY_INVALID, IDEMPOTENCY_KEY_REUSED, EMAIL_INVALID, PHONE_INVALID, INVALID_INPUT, FIELD_REQUIRED, DUPLICATE_EMAIL, DUPLICATE_PHONE, DUPLICATE, PASSWORD_TOO_SHORT, PASSWORD_TOO_LONG, PASSWORD_COMMON, PASSWORD_CONTAINS_PERSONAL, SERVICE_BUSY, PERIOD_INVALID, PERIOD_OVERLAP, PRIVILEGE_EXCEEDED.
         */
        post: operations["users.bulk_create"];
        delete?: never;
        options?: never;
        head?: never;
        /**
         * Change a person: up to 1,000 at once
         * @description Each row is `users.update`, by itself, and has its own result. With an Idempotency-Key a request that broke off goes on where it stopped.
         *
         *     Needs `users.manage`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS, IDEMPOTENCY_KEY_INVALID, IDEMPOTENCY_KEY_REUSED, EMAIL_INVALID, PHONE_INVALID, INVALID_INPUT, FIELD_REQUIRED, DUPLICATE_EMAIL, DUPLICATE_PHONE, DUPLICATE, PRIVILEGE_EXCEEDED.
         */
        patch: operations["users.bulk_update"];
        trace?: never;
    };
    "/bulk/visibility-grants": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Let a person see a place, and everything below it, for a time: up to 1,000 at once
         * @description Each row is `visibility_grants.create`, by itself, and has its own result. With an Idempotency-Key a request that broke off goes on where it stopped.
         *
         *     Needs `visibility.grant`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS, IDEMPOTENCY_KEY_INVALID, IDEMPOTENCY_KEY_REUSED, PERIOD_INVALID, PERIOD_OVERLAP, PRIVILEGE_EXCEEDED.
         */
        post: operations["visibility_grants.bulk_create"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/capabilities": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List what roles and services can be allowed
         * @description Needs `roles.read`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS.
         */
        get: operations["capabilities.list"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/capabilities/{capability}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show a capability
         * @description Needs `roles.read`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS.
         */
        get: operations["capabilities.get"];
        /**
         * Define a capability, or bring it up to date
         * @description What is not named stays as it is. One that is a scope of an API is moved by `capabilities.move` alone.
         *
         *     Needs `apis.manage`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS, CAPABILITY_OF_ANOTHER_API, SYSTEM_CAPABILITY_FIXED, INVALID_INPUT.
         */
        put: operations["capabilities.define"];
        post?: never;
        /**
         * Delete a capability
         * @description No role carries it and no service asks for it any more.
         *
         *     Needs `apis.manage`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS, SYSTEM_CAPABILITY_FIXED.
         */
        delete: operations["capabilities.delete"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/capabilities/{capability}/move": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Make a capability a scope of another API
         * @description The answer says whom it breaks, and with `dry_run` nothing is done: who asks the old API for it is refused from then on. Tokens that are out keep it until they end.
         *
         *     Needs `apis.manage`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS, SYSTEM_CAPABILITY_FIXED.
         */
        post: operations["capabilities.move"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/clients": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List the applications of the tenant
         * @description In the tenant that runs the server also those of all tenants.
         *
         *     Needs `clients.manage`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS.
         */
        get: operations["clients.list"];
        put?: never;
        /**
         * Register an application
         * @description The answer alone holds its secret.
         *
         *     Needs `clients.manage`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS, DUPLICATE, INVALID_INPUT, FIELD_REQUIRED.
         */
        post: operations["clients.create"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/clients/{client_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show an application
         * @description Needs `clients.manage`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS.
         */
        get: operations["clients.get"];
        put?: never;
        post?: never;
        /**
         * Remove an application, with its secrets, tokens and grants
         * @description Needs `clients.manage`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS.
         */
        delete: operations["clients.delete"];
        options?: never;
        head?: never;
        /**
         * Change what is registered of an application
         * @description Of `metadata` null takes a member back to the default of its kind.
         *
         *     Needs `clients.manage`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS, INVALID_INPUT, FIELD_REQUIRED.
         */
        patch: operations["clients.update"];
        trace?: never;
    };
    "/clients/{client_id}/cross-app-audiences": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List the servers for which an application may get assertions about its people
         * @description Needs `clients.manage`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS.
         */
        get: operations["clients.cross_app.list"];
        put?: never;
        /**
         * Let an application get assertions for another server
         * @description Of an application that proves itself. Whoever is signed in to it is vouched for there (docs/cross-app-access.md).
         *
         *     Needs `clients.manage`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS, DUPLICATE, INVALID_INPUT.
         */
        post: operations["clients.cross_app.add"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/clients/{client_id}/cross-app-audiences/{cross_app_audience_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Let an application get assertions for another server no longer
         * @description What it has been given is good for two minutes at the most.
         *
         *     Needs `clients.manage`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS.
         */
        delete: operations["clients.cross_app.remove"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/clients/{client_id}/disable": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Stop an application, and end its tokens and grants
         * @description Needs `clients.manage`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS.
         */
        post: operations["clients.disable"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/clients/{client_id}/effects": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Count what would end with an application
         * @description When it is disabled, deleted or held to a stricter security profile.
         *
         *     Needs `clients.manage`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS.
         */
        get: operations["clients.effects"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/clients/{client_id}/enable": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Let a stopped application act again
         * @description Needs `clients.manage`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS.
         */
        post: operations["clients.enable"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/clients/{client_id}/refusals": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show why an application was refused lately
         * @description A redirect URI has to be sent exactly as it is registered. Anybody can send one in its name: what is shown here was not necessarily sent by it.
         *
         *     Needs `clients.manage`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS.
         */
        get: operations["clients.refusals"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/clients/{client_id}/secrets": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List the secrets of an application
         * @description When they were made, used and ended; what they are is told by nobody.
         *
         *     Needs `clients.manage`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS.
         */
        get: operations["clients.secrets.list"];
        put?: never;
        /**
         * Give an application a new secret
         * @description The answer alone holds it. Those before end at once, or after an overlap.
         *
         *     Needs `clients.manage`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS, INVALID_INPUT.
         */
        post: operations["clients.rotate_secret"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/clients/{client_id}/secrets/{secret_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * End a secret of an application at once
         * @description Needs `clients.manage`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS.
         */
        delete: operations["clients.secrets.revoke"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/clients/{client_id}/security-profile": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * Hold an application to FAPI 2.0, or let it go
         * @description A stricter one ends the tokens, codes and grants that it has, for they may be weaker. Refused where its registration cannot satisfy it.
         *
         *     Needs `clients.manage`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS, INVALID_INPUT.
         */
        put: operations["clients.set_security_profile"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/companies": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Make a company
         * @description Needs `org.manage`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS, ORG_PARENT_INVALID.
         */
        post: operations["companies.create"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/companies/{company_id}/activate": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Open a company again
         * @description Needs `org.manage`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS, ORG_ROOT_FIXED.
         */
        post: operations["companies.activate"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/companies/{company_id}/deactivate": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Close a company; nothing held at or below it counts
         * @description Needs `org.manage`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS, ORG_ROOT_FIXED.
         */
        post: operations["companies.deactivate"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/companies/{company_id}/members": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List who is or was a member of a company, the latest first
         * @description Needs `users.read`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS.
         */
        get: operations["companies.members.list"];
        put?: never;
        /**
         * Make a person a member of a company
         * @description Needs `roles.assign`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS, PERIOD_OVERLAP, PRIVILEGE_EXCEEDED.
         */
        post: operations["companies.members.join"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/companies/{company_id}/members/{user_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * End a membership; what was stays on record
         * @description Needs `roles.assign`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS, LAST_OWNER, PRIVILEGE_EXCEEDED.
         */
        delete: operations["companies.members.leave"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/event-streams": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List event streams, with how they do
         * @description Needs `events.receive`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS.
         */
        get: operations["event_streams.list"];
        put?: never;
        /**
         * Make an event stream, told from now on
         * @description With an `endpoint_url` it is pushed (RFC 8935), without one it is polled (RFC 8936). A tenant has 20 at the most.
         *
         *     Needs `events.receive`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS, INVALID_INPUT, TOO_MANY_STREAMS.
         */
        post: operations["event_streams.create"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/event-streams/{stream_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show an event stream
         * @description Needs `events.receive`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS.
         */
        get: operations["event_streams.get"];
        put?: never;
        post?: never;
        /**
         * Remove an event stream, with the list of what it was told
         * @description Needs `events.receive`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS.
         */
        delete: operations["event_streams.delete"];
        options?: never;
        head?: never;
        /**
         * Change where a stream is pushed to, and what it is told
         * @description How it is told stays: another method is another stream.
         *
         *     Needs `events.receive`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS, INVALID_INPUT.
         */
        patch: operations["event_streams.update"];
        trace?: never;
    };
    "/event-streams/{stream_id}/deliveries": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List what a stream was told and is still to be told, the newest first
         * @description Of the last 30 days.
         *
         *     Needs `events.receive`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS.
         */
        get: operations["event_streams.deliveries"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/event-streams/{stream_id}/disable": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Tell a stream nothing of what happens; what waits is given up
         * @description Needs `events.receive`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS.
         */
        post: operations["event_streams.disable"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/event-streams/{stream_id}/enable": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Go on telling a stream; one that was disabled is told from now on
         * @description Needs `events.receive`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS.
         */
        post: operations["event_streams.enable"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/event-streams/{stream_id}/pause": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Tell a stream nothing for a while: what happens waits
         * @description Needs `events.receive`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS.
         */
        post: operations["event_streams.pause"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/event-streams/{stream_id}/poll": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Acknowledge what a stream has been given, and fetch what waits for it
         * @description RFC 8936, in the names of this API. What is not acknowledged is given again.
         *
         *     Needs `events.receive`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS, STREAM_IS_PUSHED, STREAM_NOT_LISTENING.
         */
        post: operations["event_streams.poll"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/event-streams/{stream_id}/verify": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Send a stream a verification event
         * @description Every 10 seconds at the most.
         *
         *     Needs `events.receive`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS, STREAM_NOT_LISTENING, VERIFIED_A_MOMENT_AGO.
         */
        post: operations["event_streams.verify"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/groups": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List the groups that a directory fills
         * @description Each is a role at a place; its members are those who hold the role there.
         *
         *     Needs `users.read`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS.
         */
        get: operations["groups.list"];
        put?: never;
        /**
         * Let a group of a directory stand for a role at a place
         * @description Whoever the directory puts into it gets the role there.
         *
         *     Needs `roles.assign`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS, DUPLICATE, FIELD_REQUIRED, INVALID_INPUT, PRIVILEGE_EXCEEDED.
         */
        post: operations["groups.create"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/groups/{group_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show a group that a directory fills
         * @description Needs `users.read`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS.
         */
        get: operations["groups.get"];
        put?: never;
        post?: never;
        /**
         * Let a group of a directory stand for nothing any more
         * @description Who holds its role keeps it.
         *
         *     Needs `roles.assign`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS, PRIVILEGE_EXCEEDED.
         */
        delete: operations["groups.delete"];
        options?: never;
        head?: never;
        /**
         * Change what a directory calls a group
         * @description Needs `roles.assign`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS, DUPLICATE, FIELD_REQUIRED, INVALID_INPUT, PRIVILEGE_EXCEEDED.
         */
        patch: operations["groups.update"];
        trace?: never;
    };
    "/groups/{group_id}/members": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List who holds the role of a group at its place now
         * @description Needs `users.read`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS.
         */
        get: operations["groups.members.list"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/groups/search": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Find groups by a filter, and count them
         * @description Needs `users.read`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS, FILTER_INVALID.
         */
        get: operations["groups.search"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/identity-providers": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List the providers of the tenant
         * @description In the tenant that runs the server also those of all tenants.
         *
         *     Needs `identity_providers.manage`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS.
         */
        get: operations["identity_providers.list"];
        put?: never;
        /**
         * Register a provider
         * @description People are offered it at once. Its redirect URI there is `<issuer>/callback/<key>`.
         *
         *     Needs `identity_providers.manage`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS, DUPLICATE, INVALID_INPUT, FIELD_REQUIRED.
         */
        post: operations["identity_providers.create"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/identity-providers/{key}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show a provider
         * @description Needs `identity_providers.manage`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS.
         */
        get: operations["identity_providers.get"];
        put?: never;
        post?: never;
        /**
         * Remove a provider for good
         * @description Needs `identity_providers.manage`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS, IDENTITY_IN_USE.
         */
        delete: operations["identity_providers.delete"];
        options?: never;
        head?: never;
        /**
         * Change what is registered of a provider
         * @description The issuer stays: identities are named by it. A new issuer is a new provider.
         *
         *     Needs `identity_providers.manage`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS, INVALID_INPUT.
         */
        patch: operations["identity_providers.update"];
        trace?: never;
    };
    "/identity-providers/{key}/check": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Look whether a provider answers as a sign-in needs it
         * @description Asks it over the network: its discovery document, its keys, and whether it knows our client. Nobody is signed in.
         *
         *     Needs `identity_providers.manage`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS.
         */
        get: operations["identity_providers.check"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/identity-providers/{key}/cross-app": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * Let assertions of a provider count
         * @description Of a provider of the tenant. Applications then get tokens for people who are linked to it without sending them here; in the place of what counted before.
         *
         *     Needs `identity_providers.manage`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS, INVALID_INPUT, PRIVILEGE_EXCEEDED.
         */
        put: operations["identity_providers.cross_app.set"];
        post?: never;
        /**
         * Let no assertions of a provider count
         * @description What was given out by them is worth nothing from then on.
         *
         *     Needs `identity_providers.manage`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS.
         */
        delete: operations["identity_providers.cross_app.remove"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/identity-providers/{key}/disable": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Let nobody sign in with a provider
         * @description What was linked stays.
         *
         *     Needs `identity_providers.manage`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS.
         */
        post: operations["identity_providers.disable"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/identity-providers/{key}/effects": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Count whose accounts are linked to a provider
         * @description They cannot sign in with it while it is disabled; when it is deleted, the links end.
         *
         *     Needs `identity_providers.manage`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS.
         */
        get: operations["identity_providers.effects"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/identity-providers/{key}/enable": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Let people sign in with a provider again
         * @description What was linked stays.
         *
         *     Needs `identity_providers.manage`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS.
         */
        post: operations["identity_providers.enable"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/imports": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List imports, the newest first
         * @description Needs `users.manage`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS.
         */
        get: operations["imports.list"];
        put?: never;
        /**
         * Bring people, to look at what would become of them
         * @description NDJSON, one `ImportedPerson` a line. What would become of each row is found out by itself; `imports.begin` then has it done, also where nobody waits for it. Rows are kept sealed until they are done. A tenant has 5 under way at the most, each for a day.
         *
         *     Needs `users.manage`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS, IMPORT_EMPTY, IMPORT_RUNNING, TOO_MANY_IMPORTS, TOO_MANY_ROWS.
         */
        post: operations["imports.create"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/imports/{import_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show an import, and how far it is
         * @description Needs `users.manage`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS.
         */
        get: operations["imports.get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/imports/{import_id}/begin": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Have an import done that was looked at
         * @description It goes on by itself. A row that is refused keeps no other back; of many who begin it at once one does.
         *
         *     Needs `users.manage`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS, IMPORT_NOT_READY.
         */
        post: operations["imports.begin"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/imports/{import_id}/report": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What became of each row of an import, as a table
         * @description Needs `users.manage`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS.
         */
        get: operations["imports.report"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/imports/{import_id}/rows": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List what became of the rows of an import, those with faults first
         * @description Needs `users.manage`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS.
         */
        get: operations["imports.rows.list"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/imports/{import_id}/stop": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Stop an import; what was done stays done, and the rows that wait are gone
         * @description Needs `users.manage`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS, IMPORT_NOT_READY.
         */
        post: operations["imports.stop"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/initial-access-tokens": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List initial access tokens, those that have ended too
         * @description Needs `clients.manage`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS.
         */
        get: operations["initial_access_tokens.list"];
        put?: never;
        /**
         * Make a token by which applications register themselves
         * @description The answer alone holds it. It lives 30 days if nothing else is said. It is good for something while the tenant has `client_registration`.
         *
         *     Needs `clients.manage`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS, INVALID_INPUT.
         */
        post: operations["initial_access_tokens.create"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/initial-access-tokens/{initial_access_token_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show an initial access token; what it is is told by nobody
         * @description Needs `clients.manage`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS.
         */
        get: operations["initial_access_tokens.get"];
        put?: never;
        post?: never;
        /**
         * End an initial access token at once; what was registered by it stays
         * @description Needs `clients.manage`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS.
         */
        delete: operations["initial_access_tokens.revoke"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/installation/checks": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Look at the installation, and say what is wrong with it
         * @description What `gatehouse doctor` looks at, as the server finds it: its settings, machine, database, keys, mail server and provider of messages to phones. Changes and sends nothing. A server looks at most once in fifteen seconds, however many ask: `checked_at` says when.
         *
         *     Needs `tenants.manage`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS.
         */
        get: operations["installation.checks"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/invitations": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List the invitations to places within reach
         * @description Needs `invitations.manage`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS.
         */
        get: operations["invitations.list"];
        put?: never;
        /**
         * Invite the holder of an address to a role at a place
         * @description The link goes to the address and nowhere else. What waits for the same address and place is replaced.
         *
         *     Needs `invitations.manage`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS, CHANNEL_UNAVAILABLE, MESSAGES_EXHAUSTED, PERIOD_INVALID, PRIVILEGE_EXCEEDED, EMAIL_INVALID, EMAIL_NOT_SUPPORTED, PHONE_INVALID, PHONE_NOT_SUPPORTED, FIELD_REQUIRED, INVALID_INPUT.
         */
        post: operations["invitations.create"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/invitations/{invitation_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show an invitation
         * @description Needs `invitations.manage`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS.
         */
        get: operations["invitations.get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/invitations/{invitation_id}/resend": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Send an invitation again, with a new link
         * @description The link before works no more. An invitation that has expired works again.
         *
         *     Needs `invitations.manage`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS, CHANNEL_UNAVAILABLE, MESSAGES_EXHAUSTED, PERIOD_INVALID, PRIVILEGE_EXCEEDED, INVITATION_ACCEPTED, INVITATION_REVOKED.
         */
        post: operations["invitations.resend"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/invitations/{invitation_id}/revoke": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Withdraw an invitation
         * @description Needs `invitations.manage`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS, INVITATION_ACCEPTED.
         */
        post: operations["invitations.revoke"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/messages/channels": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show by which channels messages of the tenant go, and when one last did not
         * @description Of the last 30 days (UTC). Every channel is there, also one by which nothing goes.
         *
         *     Needs `messages.read`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS.
         */
        get: operations["messages.channels"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/messages/unsent": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List the messages of the tenant that were refused or failed
         * @description The newest first, as far back as the audit trail is kept.
         *
         *     Needs `messages.read`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS.
         */
        get: operations["messages.unsent"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/org-nodes": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List nodes of the tree
         * @description Needs `org.read`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS.
         */
        get: operations["org_nodes.list"];
        put?: never;
        /**
         * Add a node below another
         * @description Needs `org.manage`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS, DUPLICATE, ORG_PARENT_INVALID.
         */
        post: operations["org_nodes.create"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/org-nodes/{org_node_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show a node
         * @description Needs `org.read`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS.
         */
        get: operations["org_nodes.get"];
        put?: never;
        post?: never;
        /**
         * Delete a node that has none below it
         * @description Needs `org.manage`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS, ORG_HAS_CHILDREN, ORG_ROOT_FIXED.
         */
        delete: operations["org_nodes.delete"];
        options?: never;
        head?: never;
        /**
         * Change what a node is called and what it is
         * @description Needs `org.manage`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS, DUPLICATE, ORG_ROOT_FIXED.
         */
        patch: operations["org_nodes.update"];
        trace?: never;
    };
    "/org-nodes/{org_node_id}/activate": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Switch a node on again
         * @description Needs `org.manage`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS, ORG_ROOT_FIXED.
         */
        post: operations["org_nodes.activate"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/org-nodes/{org_node_id}/ancestors": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List the nodes above a node, from the top
         * @description As far as they are within reach.
         *
         *     Needs `org.read`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS.
         */
        get: operations["org_nodes.ancestors"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/org-nodes/{org_node_id}/deactivate": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Switch a node off
         * @description Nothing that is held at it or below it counts until it is switched on again.
         *
         *     Needs `org.manage`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS, ORG_ROOT_FIXED.
         */
        post: operations["org_nodes.deactivate"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/org-nodes/{org_node_id}/holders": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List who may do something at a node, and by which assignments
         * @description In the order of people, of a person each assignment. As far as these stand within the reach of the one who asks.
         *
         *     Needs `users.read`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS, BEFORE_HISTORY.
         */
        get: operations["org_nodes.holders"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/org-nodes/{org_node_id}/move": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Hang a node, with everything below it, below another
         * @description Needs `org.manage`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS, ORG_CYCLE, ORG_PARENT_INVALID, ORG_ROOT_FIXED.
         */
        post: operations["org_nodes.move"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/org-nodes/{org_node_id}/preview": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show who would gain and lose what if a node were moved, or switched off or on
         * @description Name one of `parent_id` and `active`. What people hold above a node reaches it: they lose it at the node where it leaves their part, and keep it elsewhere. People are told as far as they are within reach.
         *
         *     Needs `org.manage`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS, INVALID_INPUT, ORG_CYCLE, ORG_ROOT_FIXED.
         */
        get: operations["org_nodes.preview"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/overview": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show what happened in the last 30 days, and what needs a look
         * @description What needs a look is told as far as it is within reach: of people, roles, invitations and keys what stands at or below the places where the capability for them is held, of the rest what is of the whole tenant.
         *
         *     Needs `users.read`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS.
         */
        get: operations["overview.get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/provisioning/requests": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show what became of the requests of directories
         * @description By kind, the latest first: who asked, what for, and how it was answered. Nothing of the people concerned.
         *
         *     Needs `services.manage`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS.
         */
        get: operations["provisioning.requests"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/referral-codes": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List the referral codes of people, and what came of them
         * @description Needs `referrals.manage`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS.
         */
        get: operations["referrals.codes"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/referrals": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List who came by whose code
         * @description Needs `referrals.manage`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS.
         */
        get: operations["referrals.list"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/referrals/{referral_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show who came by whose code
         * @description Needs `referrals.manage`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS.
         */
        get: operations["referrals.get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/referrals/{referral_id}/settle": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Say that a referred person has taken a subscription
         * @description Once more does no harm.
         *
         *     Needs `referrals.manage`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS, REFERRAL_PENDING.
         */
        post: operations["referrals.settle"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/resource-servers": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List the APIs of the tenant
         * @description In the tenant that runs the server also those of all tenants.
         *
         *     Needs `apis.manage`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS.
         */
        get: operations["resource_servers.list"];
        put?: never;
        /**
         * Register an API
         * @description Its scopes are capabilities that are defined for it.
         *
         *     Needs `apis.manage`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS, DUPLICATE, INVALID_INPUT.
         */
        post: operations["resource_servers.create"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/resource-servers/{resource_server_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show an API
         * @description Needs `apis.manage`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS.
         */
        get: operations["resource_servers.get"];
        put?: never;
        post?: never;
        /**
         * Remove an API that nothing belongs to any more
         * @description Needs `apis.manage`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS, RESOURCE_SERVER_IN_USE, SYSTEM_RESOURCE_SERVER_FIXED.
         */
        delete: operations["resource_servers.delete"];
        options?: never;
        head?: never;
        /**
         * Change the name of an API, and the form and life of its tokens
         * @description The identifier stays: tokens name it.
         *
         *     Needs `apis.manage`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS, SYSTEM_RESOURCE_SERVER_FIXED, INVALID_INPUT.
         */
        patch: operations["resource_servers.update"];
        trace?: never;
    };
    "/roles": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List the roles of the tenant
         * @description Needs `roles.read`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS.
         */
        get: operations["roles.list"];
        put?: never;
        /**
         * Make a role
         * @description It carries nothing yet.
         *
         *     Needs `roles.manage`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS, DUPLICATE.
         */
        post: operations["roles.create"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/roles/{role_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show a role
         * @description Needs `roles.read`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS.
         */
        get: operations["roles.get"];
        put?: never;
        post?: never;
        /**
         * Delete a role
         * @description Who holds it holds nothing by it from now on.
         *
         *     Needs `roles.manage`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS, SYSTEM_ROLE_FIXED.
         */
        delete: operations["roles.delete"];
        options?: never;
        head?: never;
        /**
         * Change the name or the description of a role
         * @description Needs `roles.manage`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS, DUPLICATE, SYSTEM_ROLE_FIXED.
         */
        patch: operations["roles.update"];
        trace?: never;
    };
    "/roles/{role_id}/capabilities": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List what a role carries
         * @description Needs `roles.read`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS.
         */
        get: operations["roles.capabilities.list"];
        /**
         * Have a role carry these capabilities and no others
         * @description What comes and what goes has to be in the hands of the one who asks; what stays has not.
         *
         *     Needs `roles.manage`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS, PRIVILEGE_EXCEEDED.
         */
        put: operations["roles.capabilities.replace"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/roles/{role_id}/capabilities/{capability}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * Have a role carry a capability
         * @description Needs `roles.manage`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS, PRIVILEGE_EXCEEDED.
         */
        put: operations["roles.capabilities.add"];
        post?: never;
        /**
         * Take a capability from a role
         * @description Needs `roles.manage`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS, PRIVILEGE_EXCEEDED.
         */
        delete: operations["roles.capabilities.remove"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/roles/{role_id}/effects": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Count what would end with a role
         * @description Needs `roles.manage`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS.
         */
        get: operations["roles.effects"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/service-sessions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List the live tokens of services
         * @description Needs `sessions.manage`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS.
         */
        get: operations["service_sessions.list"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/service-sessions/{service_session_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * End a token of a service
         * @description The service may ask for another; disable or delete the service to stop it.
         *
         *     Needs `sessions.manage`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS.
         */
        delete: operations["service_sessions.end"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/services": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List the services of the tenant
         * @description In the tenant that runs the server also those of all tenants.
         *
         *     Needs `services.manage`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS.
         */
        get: operations["services.list"];
        put?: never;
        /**
         * Register a service
         * @description The answer alone holds its secret. With keys of its own it has none.
         *
         *     Needs `services.manage`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS, DUPLICATE, INVALID_INPUT, PRIVILEGE_EXCEEDED.
         */
        post: operations["services.create"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/services/{client_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show a service
         * @description Needs `services.manage`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS.
         */
        get: operations["services.get"];
        put?: never;
        post?: never;
        /**
         * Remove a service, with its secrets and tokens
         * @description Needs `services.manage`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS.
         */
        delete: operations["services.delete"];
        options?: never;
        head?: never;
        /**
         * Change the name, the keys or the tokens of a service
         * @description Needs `services.manage`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS, INVALID_INPUT, PRIVILEGE_EXCEEDED.
         */
        patch: operations["services.update"];
        trace?: never;
    };
    "/services/{client_id}/capabilities": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List what a service may ask for
         * @description Needs `services.manage`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS.
         */
        get: operations["services.capabilities.list"];
        /**
         * Let a service ask for these capabilities and no others
         * @description What comes has to be in the hands of the one who asks. Tokens that it has keep what goes until they end.
         *
         *     Needs `services.manage`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS, PRIVILEGE_EXCEEDED.
         */
        put: operations["services.capabilities.replace"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/services/{client_id}/capabilities/{capability}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * Let a service ask for a capability
         * @description Needs `services.manage`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS, PRIVILEGE_EXCEEDED.
         */
        put: operations["services.capabilities.add"];
        post?: never;
        /**
         * Take a capability from a service
         * @description Tokens that it has keep it until they end.
         *
         *     Needs `services.manage`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS.
         */
        delete: operations["services.capabilities.remove"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/services/{client_id}/disable": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Stop a service, and end its tokens
         * @description Needs `services.manage`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS.
         */
        post: operations["services.disable"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/services/{client_id}/effects": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Count what would end with a service
         * @description When it is disabled, deleted or held to a stricter security profile.
         *
         *     Needs `services.manage`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS.
         */
        get: operations["services.effects"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/services/{client_id}/enable": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Let a stopped service act again
         * @description Needs `services.manage`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS.
         */
        post: operations["services.enable"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/services/{client_id}/exchange-capabilities": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List what a service may get for people by token exchange
         * @description Needs `services.manage`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS.
         */
        get: operations["services.exchange_capabilities.list"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/services/{client_id}/exchange-capabilities/{capability}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * Let a service get a capability for people by token exchange
         * @description Its API has to take exchanged tokens as well (`token_exchange` of the API).
         *
         *     Needs `services.manage`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS, INVALID_INPUT, PRIVILEGE_EXCEEDED.
         */
        put: operations["services.exchange_capabilities.add"];
        post?: never;
        /**
         * Let a service get a capability for people no longer
         * @description Tokens that it has keep it until they end.
         *
         *     Needs `services.manage`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS.
         */
        delete: operations["services.exchange_capabilities.remove"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/services/{client_id}/refusals": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show why a service was refused lately
         * @description A redirect URI has to be sent exactly as it is registered. Anybody can send one in its name: what is shown here was not necessarily sent by it.
         *
         *     Needs `services.manage`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS.
         */
        get: operations["services.refusals"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/services/{client_id}/secrets": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List the secrets of a service
         * @description When they were made, used and ended; what they are is told by nobody.
         *
         *     Needs `services.manage`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS.
         */
        get: operations["services.secrets.list"];
        put?: never;
        /**
         * Give a service a new secret
         * @description The answer alone holds it. Those before end at once, or after an overlap.
         *
         *     Needs `services.manage`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS, INVALID_INPUT, PRIVILEGE_EXCEEDED.
         */
        post: operations["services.rotate_secret"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/services/{client_id}/secrets/{secret_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * End a secret of a service at once
         * @description Needs `services.manage`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS.
         */
        delete: operations["services.secrets.revoke"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/services/{client_id}/security-profile": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * Hold a service to FAPI 2.0, or let it go
         * @description A stricter one ends the tokens, codes and grants that it has, for they may be weaker. Refused where its registration cannot satisfy it.
         *
         *     Needs `services.manage`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS, INVALID_INPUT.
         */
        put: operations["services.set_security_profile"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/services/{client_id}/tokens": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List the live tokens that a service got for itself
         * @description Needs `services.manage`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS.
         */
        get: operations["services.tokens.list"];
        put?: never;
        post?: never;
        /**
         * End all tokens of a service at once
         * @description Those that it got for people by token exchange, too. The service may ask for others: a secret that leaked is revoked first.
         *
         *     Needs `services.manage`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS.
         */
        delete: operations["services.tokens.revoke_all"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/services/{client_id}/tokens/{token_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * End a token of a service at once
         * @description Who asks this server about it is told so from then on. The service may ask for another.
         *
         *     Needs `services.manage`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS.
         */
        delete: operations["services.tokens.revoke"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/services/{client_id}/workload-identities": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List which tokens of its platform prove a service
         * @description Needs `services.manage`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS.
         */
        get: operations["services.workload_identities.list"];
        put?: never;
        /**
         * Let tokens of its platform prove a service
         * @description Of a service that was registered with `workload_identity`.
         *
         *     Needs `services.manage`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS, DUPLICATE, INVALID_INPUT, PRIVILEGE_EXCEEDED.
         */
        post: operations["services.workload_identities.add"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/services/{client_id}/workload-identities/{workload_identity_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Let tokens of its platform prove a service no longer
         * @description Tokens that it has been given live until they end.
         *
         *     Needs `services.manage`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS.
         */
        delete: operations["services.workload_identities.remove"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/sessions/{session_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Sign a person out of one session
         * @description The tokens and codes that it led to end with it, and the applications are told.
         *
         *     Needs `sessions.manage`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS, PRIVILEGE_EXCEEDED.
         */
        delete: operations["sessions.end"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/signing-keys": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List the keys that sign tokens
         * @description The newest first.
         *
         *     Needs `keys.manage`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS.
         */
        get: operations["signing_keys.list"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/signing-keys/rotate": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Let the next keys sign, and retire the current ones
         * @description Running servers follow within a second. What was signed before stays good, unless the keys are withdrawn.
         *
         *     Needs `keys.manage`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS.
         */
        post: operations["signing_keys.rotate"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/tenant": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show the tenant that is acted in
         * @description Needs `tenant.manage`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS.
         */
        get: operations["tenants.current"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        /**
         * Rename the tenant, and the root of its tree with it
         * @description Needs `tenant.manage`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS.
         */
        patch: operations["tenants.rename"];
        trace?: never;
    };
    "/tenant/settings": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show what the tenant decides for itself
         * @description Needs `tenant.manage`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS.
         */
        get: operations["tenants.settings.get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        /**
         * Change settings of the tenant
         * @description What is not named stays as it is. Lists replace what was there; of `federation` null takes a provider away.
         *
         *     Needs `tenant.manage`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS.
         */
        patch: operations["tenants.settings.update"];
        trace?: never;
    };
    "/tenant/sign-in-methods": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List the ways to sign in that the settings may name
         * @description Those of our own, and the providers of all tenants. The tenant’s own providers are offered in any case.
         *
         *     Needs `tenant.manage`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS.
         */
        get: operations["tenants.sign_in_methods"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/tenants": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List the tenants of the server
         * @description Needs `tenants.manage`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS.
         */
        get: operations["tenants.list"];
        put?: never;
        /**
         * Make a tenant
         * @description With the root of its tree and the roles owner, admin and member. Invite its owner next.
         *
         *     Needs `tenants.manage`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS, DUPLICATE.
         */
        post: operations["tenants.create"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/tenants/{tenant}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show a tenant
         * @description Needs `tenants.manage`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS.
         */
        get: operations["tenants.get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/tenants/{tenant}/effects": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Count what would end with a tenant
         * @description When it is suspended.
         *
         *     Needs `tenants.manage`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS.
         */
        get: operations["tenants.effects"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/tenants/{tenant}/resume": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Let a suspended tenant act again
         * @description Its people sign in anew.
         *
         *     Needs `tenants.manage`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS, TENANT_MOVED.
         */
        post: operations["tenants.resume"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/tenants/{tenant}/suspend": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Stop a tenant
         * @description Nobody of it may act, and what its people and clients hold ends at once.
         *
         *     Needs `tenants.manage`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS, PLATFORM_TENANT_NEEDED, TENANT_MOVED.
         */
        post: operations["tenants.suspend"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/users": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List the people of the tenant, as far as they are within reach
         * @description Needs `users.read`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS.
         */
        get: operations["users.list"];
        put?: never;
        /**
         * Make a person
         * @description At the root; or with roles at nodes where the one who asks may manage people and give these roles.
         *
         *     Needs `users.manage`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS, EMAIL_INVALID, PHONE_INVALID, INVALID_INPUT, FIELD_REQUIRED, DUPLICATE_EMAIL, DUPLICATE_PHONE, DUPLICATE, PASSWORD_TOO_SHORT, PASSWORD_TOO_LONG, PASSWORD_COMMON, PASSWORD_CONTAINS_PERSONAL, SERVICE_BUSY, PERIOD_INVALID, PERIOD_OVERLAP, PRIVILEGE_EXCEEDED.
         */
        post: operations["users.create"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/users/{user_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show a person
         * @description Needs `users.read`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS.
         */
        get: operations["users.get"];
        put?: never;
        post?: never;
        /**
         * Delete a person
         * @description The address is free for another. What others did with the person stays on record.
         *
         *     Needs `users.manage`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS, LAST_OWNER, PRIVILEGE_EXCEEDED.
         */
        delete: operations["users.delete"];
        options?: never;
        head?: never;
        /**
         * Change a person
         * @description A new address is not verified unless that is said. What signs the person in is changed only by who could give everything that the person holds, after a fresh authentication.
         *
         *     Needs `users.manage`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS, EMAIL_INVALID, PHONE_INVALID, INVALID_INPUT, FIELD_REQUIRED, DUPLICATE_EMAIL, DUPLICATE_PHONE, DUPLICATE, PRIVILEGE_EXCEEDED.
         */
        patch: operations["users.update"];
        trace?: never;
    };
    "/users/{user_id}/access": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show what a person holds: roles, capabilities and places
         * @description As far as it stands within the reach of the one who asks.
         *
         *     Needs `users.read`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS, BEFORE_HISTORY.
         */
        get: operations["users.access"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/users/{user_id}/access/why": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List by which assignments a person holds what they hold, who gave it and until when
         * @description As far as they stand within the reach of the one who asks. Roles are not held in any other way.
         *
         *     Needs `users.read`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS, BEFORE_HISTORY.
         */
        get: operations["users.why"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/users/{user_id}/activate": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Let a person sign in again
         * @description Needs `users.manage`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS, PRIVILEGE_EXCEEDED.
         */
        post: operations["users.activate"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/users/{user_id}/deactivate": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Stop a person from signing in, and end what they are signed in to
         * @description Needs `users.manage`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS, LAST_OWNER, PRIVILEGE_EXCEEDED.
         */
        post: operations["users.deactivate"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/users/{user_id}/deletion": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Tell whether a person has asked for their account to be deleted, and when it is erased
         * @description Needs `users.read`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS.
         */
        get: operations["users.deletion.get"];
        put?: never;
        post?: never;
        /**
         * Keep the account of a person who has asked for it to be deleted
         * @description They sign in again as before. What ended when they asked stays ended. Once more does no harm.
         *
         *     Needs `users.manage`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS, PRIVILEGE_EXCEEDED.
         */
        delete: operations["users.deletion.cancel"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/users/{user_id}/effects": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Count what would end with a person
         * @description When they are deactivated, deleted or erased. A new password and signing them out end the sessions and the grants of it.
         *
         *     Needs `users.manage`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS, PRIVILEGE_EXCEEDED.
         */
        get: operations["users.effects"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/users/{user_id}/erase": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Erase a person
         * @description Everything personal goes for good: what they hold ends, the address is free for another, and the audit trail keeps their id alone. It cannot be taken back. Once more does no harm.
         *
         *     Needs `users.manage`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS, LAST_OWNER, PRIVILEGE_EXCEEDED.
         */
        post: operations["users.erase"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/users/{user_id}/export": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Tell everything that is held on a person
         * @description One document. Also of a person who was deleted and not erased. That it was told is in the audit trail.
         *
         *     Needs `users.manage`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS, PRIVILEGE_EXCEEDED.
         */
        post: operations["users.export"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/users/{user_id}/factors": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List what a person has enrolled as a second factor
         * @description Needs `users.read`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS.
         */
        get: operations["users.factors.list"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/users/{user_id}/factors/reset": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Take away what a person has enrolled, all or one kind, who has lost it
         * @description The person is told by mail. It waits as long as the tenant says (`factor_reset_hours`), and is taken back when the person proves a factor meanwhile; at once, it ends what they are signed in to. A second factor that is required has to be enrolled anew.
         *
         *     Needs `users.manage`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS, PRIVILEGE_EXCEEDED.
         */
        post: operations["users.factors.reset"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/users/{user_id}/grants": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List what a person lets applications have
         * @description Needs `sessions.manage`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS.
         */
        get: operations["users.grants.list"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/users/{user_id}/grants/{grant_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Take back what a person lets an application have
         * @description Its tokens and codes end, and the application is told. The person stays signed in here.
         *
         *     Needs `sessions.manage`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS, PRIVILEGE_EXCEEDED.
         */
        delete: operations["users.grants.withdraw"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/users/{user_id}/identities": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List what a person signs in with elsewhere
         * @description Needs `users.read`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS.
         */
        get: operations["users.identities.list"];
        put?: never;
        /**
         * Let an account at an identity provider sign a person in
         * @description The person is told by mail. Anybody with that account there has the account here from then on.
         *
         *     Needs `users.manage`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS, IDENTITY_IN_USE, INVALID_INPUT, PRIVILEGE_EXCEEDED.
         */
        post: operations["users.identities.add"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/users/{user_id}/identities/{provider}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Take an account at an identity provider away from a person
         * @description Whatever they are signed in to ends. Refused where nothing else lets the person in, unless that is said.
         *
         *     Needs `users.manage`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS, IDENTITY_LAST_WAY, PRIVILEGE_EXCEEDED.
         */
        delete: operations["users.identities.remove"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/users/{user_id}/passkeys": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List the passkeys of a person
         * @description Needs `users.read`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS.
         */
        get: operations["users.passkeys.list"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/users/{user_id}/passkeys/{passkey_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Take a passkey away from a person
         * @description Whatever they are signed in to ends. Refused where nothing else lets the person in, unless that is said.
         *
         *     Needs `users.manage`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS, PASSKEY_LAST_WAY, PRIVILEGE_EXCEEDED.
         */
        delete: operations["users.passkeys.remove"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/users/{user_id}/password": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * Give a person a password
         * @description Whatever they are signed in to ends.
         *
         *     Needs `users.manage`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS, PASSWORD_TOO_SHORT, PASSWORD_TOO_LONG, PASSWORD_COMMON, PASSWORD_CONTAINS_PERSONAL, SERVICE_BUSY, PRIVILEGE_EXCEEDED.
         */
        put: operations["users.set_password"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/users/{user_id}/recovery": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Send a person a link by which they choose a new password
         * @description It goes to their own address, and only where that address opens the account.
         *
         *     Needs `users.manage`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS, CHANNEL_UNAVAILABLE, TOO_MANY_CODES, MESSAGES_EXHAUSTED, PRIVILEGE_EXCEEDED.
         */
        post: operations["users.send_recovery"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/users/{user_id}/referral-code": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show the referral code of a person, and what came of it
         * @description Makes none.
         *
         *     Needs `referrals.manage`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS.
         */
        get: operations["referrals.get_code"];
        /**
         * Show the referral code of a person, which is made the first time
         * @description Needs `referrals.manage`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS.
         */
        put: operations["referrals.ensure_code"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        /**
         * Switch the referral code of a person off or on, or say until when it works
         * @description Who came by it before stays referred.
         *
         *     Needs `referrals.manage`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS.
         */
        patch: operations["referrals.change_code"];
        trace?: never;
    };
    "/users/{user_id}/remembered-devices": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List the browsers at which a person is not asked for their second factor
         * @description Needs `users.read`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS.
         */
        get: operations["users.remembered_devices.list"];
        put?: never;
        post?: never;
        /**
         * Ask a person for their second factor at every browser again
         * @description From the next sign-in on. What is signed in goes on.
         *
         *     Needs `users.manage`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS, PRIVILEGE_EXCEEDED.
         */
        delete: operations["users.remembered_devices.forget"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/users/{user_id}/sessions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List where a person is signed in
         * @description Needs `sessions.manage`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS.
         */
        get: operations["sessions.list"];
        put?: never;
        post?: never;
        /**
         * Sign a person out everywhere
         * @description Every session, grant, token and code of theirs ends.
         *
         *     Needs `sessions.manage`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS, PRIVILEGE_EXCEEDED.
         */
        delete: operations["sessions.end_all"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/users/{user_id}/settings": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show how a person likes to be addressed
         * @description Needs `users.read`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS.
         */
        get: operations["users.settings.get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        /**
         * Change how a person likes to be addressed
         * @description Needs `users.manage`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS, INVALID_INPUT, PRIVILEGE_EXCEEDED.
         */
        patch: operations["users.settings.update"];
        trace?: never;
    };
    "/users/{user_id}/sign-in-checks": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show why a person can or cannot sign in: every way in, and each check on it
         * @description By the rules that sign people in; nothing is counted or sent. What depends on their browser or network is not known here: limits by IP address, and that a browser of their own is not held up by what strangers tried. `not_linked` is closed until the account is linked, which a sign-in at the provider may lead to.
         *
         *     Needs `users.read`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS.
         */
        get: operations["users.sign_in_checks"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/users/{user_id}/token-preview": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show what the tokens of a person would say, and how large they are
         * @description Made by the code that issues tokens; nothing is issued or stored. As after a sign-in by password with everything allowed that is asked for. For who reaches everything that the person holds, and held at the time that is asked about. Of a time that is over, what the person may do is of then; the application, the API, and what the person is called are of today.
         *
         *     Needs `users.read`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS, BEFORE_HISTORY, PRIVILEGE_EXCEEDED.
         */
        get: operations["users.token_preview"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/users/{user_id}/unlock": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Forget the failed attempts that slow or lock an account
         * @description Needs `users.manage`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS, PRIVILEGE_EXCEEDED.
         */
        post: operations["users.unlock"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/users/export": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Export all people of the tenant
         * @description NDJSON, one `ExportedPerson` a line, as `users.import` reads it: addresses, names, accounts elsewhere, and roles by their names. No password leaves, whatever it was hashed by, and no second factor. A stream that breaks off was cut. The export is an event.
         *
         *     Needs `users.manage`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS.
         */
        post: operations["users.export_all"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/users/import": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Import people
         * @description NDJSON, one `ImportedPerson` a line, up to 100,000 lines; answered by NDJSON, one `ImportResult` a line, as they are done. A row is refused by itself. Somebody who is there already keeps every address, every name and every password. Nobody is sent anything. The same again changes nothing, so what broke off is sent again.
         *
         *     Needs `users.manage`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS, IMPORT_RUNNING.
         */
        post: operations["users.import"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/users/search": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Find people by a filter, and count them
         * @description In the order in which they were made. No further than 200000 are counted: one more means that there are more.
         *
         *     Needs `users.read`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS, FILTER_INVALID.
         */
        get: operations["users.search"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/visibility-grants": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List who may see what
         * @description Needs `users.read`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS.
         */
        get: operations["visibility_grants.list"];
        put?: never;
        /**
         * Let a person see a place, and everything below it, for a time
         * @description Needs `visibility.grant`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS, PERIOD_INVALID, PERIOD_OVERLAP, PRIVILEGE_EXCEEDED.
         */
        post: operations["visibility_grants.create"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/visibility-grants/{visibility_grant_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show a grant
         * @description Needs `users.read`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS.
         */
        get: operations["visibility_grants.get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/visibility-grants/{visibility_grant_id}/end": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * End a grant now, or at a later moment
         * @description Needs `visibility.grant`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS, PERIOD_INVALID.
         */
        post: operations["visibility_grants.end"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/webhooks": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List webhooks, with how they do
         * @description Needs `webhooks.manage`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS.
         */
        get: operations["webhooks.list"];
        put?: never;
        /**
         * Have an address be told what happens, from now on
         * @description The answer alone holds the secret that signs. A tenant has 20 at the most.
         *
         *     Needs `webhooks.manage`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS, INVALID_INPUT, TOO_MANY_WEBHOOKS.
         */
        post: operations["webhooks.create"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/webhooks/{webhook_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show a webhook; its secret is told by nobody
         * @description Needs `webhooks.manage`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS.
         */
        get: operations["webhooks.get"];
        put?: never;
        post?: never;
        /**
         * Remove a webhook, with the list of what it was told
         * @description Needs `webhooks.manage`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS.
         */
        delete: operations["webhooks.delete"];
        options?: never;
        head?: never;
        /**
         * Change the name of a webhook, its address, and what it is told
         * @description Needs `webhooks.manage`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS, INVALID_INPUT.
         */
        patch: operations["webhooks.update"];
        trace?: never;
    };
    "/webhooks/{webhook_id}/deliveries": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List what a webhook was told and is still to be told, the newest first
         * @description Of the last 30 days.
         *
         *     Needs `webhooks.manage`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS.
         */
        get: operations["webhooks.deliveries.list"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/webhooks/{webhook_id}/deliveries/{delivery_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show one of them
         * @description Needs `webhooks.manage`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS.
         */
        get: operations["webhooks.deliveries.get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/webhooks/{webhook_id}/deliveries/{delivery_id}/replay": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Send a webhook one event once more, under the same `webhook-id`
         * @description Behind what waits. Nothing where it waits itself.
         *
         *     Needs `webhooks.manage`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS, WEBHOOK_DISABLED.
         */
        post: operations["webhooks.deliveries.replay"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/webhooks/{webhook_id}/disable": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Tell a webhook nothing of what happens; what waits is given up
         * @description Needs `webhooks.manage`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS.
         */
        post: operations["webhooks.disable"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/webhooks/{webhook_id}/enable": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Go on telling a webhook; one that was disabled is told from now on
         * @description Needs `webhooks.manage`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS.
         */
        post: operations["webhooks.enable"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/webhooks/{webhook_id}/pause": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Tell a webhook nothing for a while: what happens waits
         * @description Needs `webhooks.manage`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS.
         */
        post: operations["webhooks.pause"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/webhooks/{webhook_id}/ping": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Send a webhook an event about nothing, to see what it answers
         * @description Needs `webhooks.manage`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS, WEBHOOK_DISABLED.
         */
        post: operations["webhooks.ping"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/webhooks/{webhook_id}/replay": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Send a webhook once more, in order, what has happened since a moment
         * @description What happened in the last 30 days, while somebody in the tenant listened.
         *
         *     Needs `webhooks.manage`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS, WEBHOOK_DISABLED.
         */
        post: operations["webhooks.replay"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/webhooks/{webhook_id}/secret": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Give a webhook a new secret
         * @description The answer alone holds it. For the overlap each message has two signatures, one of the secret before.
         *
         *     Needs `webhooks.manage`. Refuses with: VALIDATION_FAILED, ACCESS_TOKEN_INVALID, FORBIDDEN, NOT_FOUND, TOO_MANY_ATTEMPTS.
         */
        post: operations["webhooks.rotate"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        Access: {
            assignments: {
                assigned_by: string | null;
                ends_at: string | null;
                /**
                 * Format: uuid
                 * @description An id
                 * @example 01890a5d-ac96-774b-bcce-b302099a8057
                 */
                id: string;
                /** @description The name of the node */
                org_node: string;
                /**
                 * Format: uuid
                 * @description An id
                 * @example 01890a5d-ac96-774b-bcce-b302099a8057
                 */
                org_node_id: string;
                org_node_type: string;
                role: string;
                /**
                 * Format: uuid
                 * @description An id
                 * @example 01890a5d-ac96-774b-bcce-b302099a8057
                 */
                role_id: string;
                /**
                 * Format: date-time
                 * @description A time as of RFC 3339
                 * @example 2027-01-31T08:00:00Z
                 */
                starts_at: string;
            }[];
            capabilities: string[];
            /** @description Whether the person and the tenant are active: else nothing counts */
            may_act: boolean;
            /** @description Some places are left out: `users.why` lists all of them, page by page */
            more: boolean;
            roles: string[];
            visibility_grants: {
                /** @enum {string} */
                access_scope: "read" | "analyze";
                ends_at: string | null;
                granted_by: string | null;
                /**
                 * Format: uuid
                 * @description An id
                 * @example 01890a5d-ac96-774b-bcce-b302099a8057
                 */
                id: string;
                /** @description The name of the node */
                org_node: string;
                /**
                 * Format: uuid
                 * @description An id
                 * @example 01890a5d-ac96-774b-bcce-b302099a8057
                 */
                org_node_id: string;
                org_node_type: string;
                /**
                 * Format: date-time
                 * @description A time as of RFC 3339
                 * @example 2027-01-31T08:00:00Z
                 */
                starts_at: string;
            }[];
        };
        AccessChain: {
            /**
             * Format: uuid
             * @description An id
             * @example 01890a5d-ac96-774b-bcce-b302099a8057
             */
            assignment_id: string;
            /** @description What the role carries, or the one that was asked about, and who put it there */
            capabilities: {
                /**
                 * @description The key of a capability
                 * @example inventory.read
                 */
                key: string;
                /**
                 * Format: date-time
                 * @description A time as of RFC 3339
                 * @example 2027-01-31T08:00:00Z
                 */
                put_at: string;
                /** @description Null: it is not on record any more */
                put_by: {
                    id: string | null;
                    /** @enum {string} */
                    type: "user" | "client" | "system";
                } | null;
            }[];
            ends_at: string | null;
            /**
             * Format: date-time
             * @description A time as of RFC 3339
             * @example 2027-01-31T08:00:00Z
             */
            given_at: string;
            /** @description Null: it is not on record any more */
            given_by: {
                id: string | null;
                /** @enum {string} */
                type: "user" | "client" | "system";
            } | null;
            org_node: {
                /**
                 * Format: uuid
                 * @description An id
                 * @example 01890a5d-ac96-774b-bcce-b302099a8057
                 */
                id: string;
                name: string;
                type: string;
            };
            role: {
                /**
                 * Format: uuid
                 * @description An id
                 * @example 01890a5d-ac96-774b-bcce-b302099a8057
                 */
                id: string;
                name: string;
            };
            /**
             * Format: date-time
             * @description A time as of RFC 3339
             * @example 2027-01-31T08:00:00Z
             */
            starts_at: string;
            user: {
                email: string | null;
                full_name: string | null;
                /**
                 * Format: uuid
                 * @description An id
                 * @example 01890a5d-ac96-774b-bcce-b302099a8057
                 */
                id: string;
            };
        };
        ApiKey: {
            active: boolean;
            capabilities: string[];
            /**
             * Format: date-time
             * @description A time as of RFC 3339
             * @example 2027-01-31T08:00:00Z
             */
            created_at: string;
            created_by: string | null;
            /**
             * Format: date-time
             * @description A time as of RFC 3339
             * @example 2027-01-31T08:00:00Z
             */
            expires_at: string;
            /**
             * Format: uuid
             * @description An id
             * @example 01890a5d-ac96-774b-bcce-b302099a8057
             */
            id: string;
            /** @description To the minute */
            last_used_at: string | null;
            name: string;
            /** @description The name of the node */
            org_node: string | null;
            /**
             * Format: uuid
             * @description It counts there and below
             * @example 01890a5d-ac96-774b-bcce-b302099a8057
             */
            org_node_id: string;
            org_node_type: string | null;
            /**
             * @description How it begins, after `gk_`
             * @example 7Kq0ZxT2
             */
            prefix: string;
            revoked_at: string | null;
            /** @description Whose it is; null: it is the place’s own */
            user_id: string | null;
            /** @description The name or the address of the person; null: it is gone */
            user_name: string | null;
        };
        Assignment: {
            assigned_by: string | null;
            /**
             * Format: date-time
             * @description A time as of RFC 3339
             * @example 2027-01-31T08:00:00Z
             */
            created_at: string;
            ends_at: string | null;
            /**
             * Format: uuid
             * @description An id
             * @example 01890a5d-ac96-774b-bcce-b302099a8057
             */
            id: string;
            /**
             * Format: uuid
             * @description An id
             * @example 01890a5d-ac96-774b-bcce-b302099a8057
             */
            org_node_id: string;
            /**
             * Format: uuid
             * @description An id
             * @example 01890a5d-ac96-774b-bcce-b302099a8057
             */
            role_id: string;
            /**
             * Format: date-time
             * @description A time as of RFC 3339
             * @example 2027-01-31T08:00:00Z
             */
            starts_at: string;
            /**
             * Format: uuid
             * @description An id
             * @example 01890a5d-ac96-774b-bcce-b302099a8057
             */
            user_id: string;
        };
        AuditEvent: {
            /** @example role.assigned */
            action: string;
            /** @description The id of a person, the client_id of a service */
            actor_id: string | null;
            /** @description As it is now; null: it is not known any more */
            actor_name: string | null;
            /** @enum {string} */
            actor_type: "user" | "client" | "api_key" | "system";
            entity_id: string | null;
            /** @description Of what a person holds or was sent: who that is */
            entity_name: string | null;
            entity_type: string | null;
            /**
             * Format: uuid
             * @description An id
             * @example 01890a5d-ac96-774b-bcce-b302099a8057
             */
            id: string;
            ip: string | null;
            /**
             * Format: date-time
             * @description A time as of RFC 3339
             * @example 2027-01-31T08:00:00Z
             */
            occurred_at: string;
            /** @description What was changed; `cause` names the operation that did it */
            payload: {
                [key: string]: unknown;
            };
            request_id: string | null;
            /** @description null: an event of the server itself */
            tenant_id: string | null;
            user_agent: string | null;
        };
        AuditProof: {
            event: {
                /** @description The payload */
                content: {
                    salt: string;
                    text: string;
                } | {
                    /** @description It was erased; this stands for it */
                    commitment: string;
                };
                /** @description `[ip, user agent]` */
                origin: {
                    salt: string;
                    text: string;
                } | {
                    /** @description It was erased; this stands for it */
                    commitment: string;
                };
                /** @description `[id, tenant, actor type, actor, action, entity type, entity, request, microseconds since 1970, cause]` */
                plain: string;
            };
            /** @description The public key, as JWK */
            key: {
                [key: string]: unknown;
            };
            leaf_index: number;
            /** @description From the leaf upwards (RFC 9162 section 2.1.3) */
            path: string[];
            seal: {
                /**
                 * Format: uuid
                 * @description An id
                 * @example 01890a5d-ac96-774b-bcce-b302099a8057
                 */
                id: string;
                signature: string;
                statement: string;
            };
            tree_size: number;
            /** @constant */
            type: "gatehouse-audit-proof";
            /** @constant */
            version: 1;
        };
        AuditSeal: {
            /**
             * Format: date-time
             * @description A time as of RFC 3339
             * @example 2027-01-31T08:00:00Z
             */
            ends_at: string;
            /** @description How many events are its leaves */
            events: number;
            first_event: string | null;
            /** @description Of the statement: what to keep elsewhere */
            hash: string;
            /**
             * Format: uuid
             * @description An id
             * @example 01890a5d-ac96-774b-bcce-b302099a8057
             */
            id: string;
            /** @description By which key it is signed */
            kid: string;
            last_event: string | null;
            /** @description So many of them are of an hour that was sealed already */
            late: number;
            /** @description From 1 in its chain */
            number: number;
            /** @description The hash of the seal before; zeros: it is the first */
            previous: string;
            /** @description SHA-256, in hex */
            root: string;
            /**
             * Format: date-time
             * @description A time as of RFC 3339
             * @example 2027-01-31T08:00:00Z
             */
            sealed_at: string;
            /** @description Of the server’s: how many seals of tenants are its leaves too */
            seals: number;
            /** @description Of the statement, Ed25519, base64url */
            signature: string;
            /**
             * Format: date-time
             * @description A time as of RFC 3339
             * @example 2027-01-31T08:00:00Z
             */
            starts_at: string;
            /** @description What is signed: the rest of this, as it was hashed */
            statement: string;
            /** @description null: of the server */
            tenant_id: string | null;
        };
        AuditSealKeys: {
            items: {
                /**
                 * Format: date-time
                 * @description A time as of RFC 3339
                 * @example 2027-01-31T08:00:00Z
                 */
                created_at: string;
                kid: string;
                /** @description Ed25519, as of RFC 8037 */
                public_jwk: {
                    [key: string]: unknown;
                };
                retired_at: string | null;
                /** @enum {string} */
                state: "current" | "retired";
            }[];
        };
        AuditSealState: {
            /** @description An hour is not sealed that should be */
            is_behind: boolean;
            /** @description Of this tenant */
            newest: components["schemas"]["AuditSeal"] | null;
            /** @description Up to when the trail is sealed; null: there is nothing to seal */
            sealed_until: string | null;
        };
        BulkResult: {
            /** @description Its answer; null where it was refused */
            body: unknown;
            error: {
                code: string;
                error: string;
                fields?: {
                    field: string;
                    message: string;
                }[];
                message: string;
                statusCode: number;
            } | null;
            /** @description Which row of the request, from 0 */
            index: number;
            /** @description What the operation would have answered by itself */
            status: number;
        };
        BulkResults: {
            items: components["schemas"]["BulkResult"][];
        };
        Capability: {
            /** @description What that API calls it when it asks for a decision; null: its key */
            action: string | null;
            action_properties: {
                [key: string]: string | number | boolean;
            } | null;
            /** @description What people read when they are asked for it */
            description: string | null;
            /**
             * Format: uuid
             * @description An id
             * @example 01890a5d-ac96-774b-bcce-b302099a8057
             */
            id: string;
            /** @description Of this API itself: fixed */
            is_system: boolean;
            /**
             * @description The key of a capability
             * @example inventory.read
             */
            key: string;
            /** @description The part of a product it belongs to */
            module: string | null;
            /** @description The API whose scope it is */
            resource_server_id: string | null;
        };
        ChannelsHealth: {
            /** @description The last 30, today last */
            days: {
                /**
                 * Format: date
                 * @description Of UTC
                 * @example 2027-01-31
                 */
                day: string;
                messages: {
                    /** @enum {string} */
                    channel: "email" | "sms" | "whatsapp";
                    not_sent: number;
                    sent: number;
                }[];
            }[];
            items: {
                /** @enum {string} */
                channel: "email" | "sms" | "whatsapp";
                /** @description Messages a day; SMS and WhatsApp share one budget */
                daily_budget: number;
                /** @description Whether codes of the tenant may go by it */
                is_allowed: boolean;
                /** @description Also of an attempt that another one followed */
                last_failed_at: string | null;
                /**
                 * @description Why
                 * @example budget_used_up
                 */
                last_failure: string | null;
                last_sent_at: string | null;
                /** @description Refused, or failed for good */
                not_sent: number;
                /** @description Who carries them; null: nobody on this server */
                provider: ("smtp" | "files" | "twilio") | null;
                /** @description Of the last 30 days */
                sent: number;
                /** @description Whether the provider took the last message that it was given; null: it was given none */
                took_last: boolean | null;
                /** @description Of the budget, in the 24 hours that began with its first message */
                used_today: number;
            }[];
            /** @description Why messages of the last 30 days did not go, the most frequent first; 30 at the most */
            reasons: {
                count: number;
                reason: string;
            }[];
        };
        Client: {
            /** @description The client_id, as the protocol has it; an address is written with percent signs in a path */
            client_id: string;
            /**
             * Format: date-time
             * @description A time as of RFC 3339
             * @example 2027-01-31T08:00:00Z
             */
            created_at: string;
            /** @description People are not asked for their consent */
            first_party: boolean;
            /** @enum {string} */
            kind: "web" | "spa" | "native";
            /** @description By the registered names (OpenID Connect Dynamic Client Registration 1.0 section 2) */
            metadata: {
                [key: string]: unknown;
            };
            name: string;
            /**
             * @description managed: somebody registered it; dynamic: it registered itself; document: it is known by the one at its address
             * @enum {string}
             */
            origin: "managed" | "dynamic" | "document";
            /**
             * @description What it is held to beyond the others (docs/fapi.md)
             * @enum {string}
             */
            security_profile: "none" | "fapi2" | "fapi2_message_signing";
            /** @enum {string} */
            state: "active" | "disabled";
            /** @description null: of all tenants */
            tenant_id: string | null;
            /**
             * Format: date-time
             * @description A time as of RFC 3339
             * @example 2027-01-31T08:00:00Z
             */
            updated_at: string;
        };
        ClientRefusals: {
            /** @description Sent within a week and not registered, the latest first */
            redirect_uris: {
                /** @description `scheme`, `host`, `host_case`, `loopback_name`, `port`, `trailing_slash`, `path_case`, `path`, `query` or `not_an_address` */
                differences: string[];
                /**
                 * Format: date-time
                 * @description A time as of RFC 3339
                 * @example 2027-01-31T08:00:00Z
                 */
                first_at: string;
                /**
                 * Format: date-time
                 * @description A time as of RFC 3339
                 * @example 2027-01-31T08:00:00Z
                 */
                last_at: string;
                /** @description The one that was most likely meant */
                registered: string | null;
                /**
                 * @description Without its query, of which `?` is left; empty: all those beyond the first few
                 * @example http://localhost:3000/cb/
                 */
                sent: string;
                times: number;
            }[];
            /** @description Of the last 30 days, the latest first */
            refusals: {
                /** @example token.refused */
                action: string;
                detail: string | null;
                /** @example invalid_client */
                error: string;
                /**
                 * Format: date-time
                 * @description A time as of RFC 3339
                 * @example 2027-01-31T08:00:00Z
                 */
                last_at: string;
                times: number;
            }[];
        };
        ClientSecret: {
            /**
             * Format: date-time
             * @description A time as of RFC 3339
             * @example 2027-01-31T08:00:00Z
             */
            created_at: string;
            expires_at: string | null;
            /** @description Its last characters */
            hint: string;
            /**
             * Format: uuid
             * @description An id
             * @example 01890a5d-ac96-774b-bcce-b302099a8057
             */
            id: string;
            /** @description To the minute */
            last_used_at: string | null;
            revoked_at: string | null;
        };
        Company: {
            /** @description Nothing held at or below a closed company counts */
            active: boolean;
            /**
             * Format: date-time
             * @description A time as of RFC 3339
             * @example 2027-01-31T08:00:00Z
             */
            created_at: string;
            /**
             * Format: uuid
             * @description An id
             * @example 01890a5d-ac96-774b-bcce-b302099a8057
             */
            id: string;
            name: string;
            parent_id: string | null;
            /**
             * Format: date-time
             * @description A time as of RFC 3339
             * @example 2027-01-31T08:00:00Z
             */
            updated_at: string;
        };
        CompanyMember: {
            /** @description A member now, of a company that is active now */
            active: boolean;
            full_name: string | null;
            /**
             * Format: date-time
             * @description A time as of RFC 3339
             * @example 2027-01-31T08:00:00Z
             */
            joined_at: string;
            /** @description Null: still a member */
            left_at: string | null;
            /**
             * Format: uuid
             * @description An id
             * @example 01890a5d-ac96-774b-bcce-b302099a8057
             */
            user_id: string;
        };
        CompanyMembership: {
            ends_at: string | null;
            /**
             * Format: uuid
             * @description An id
             * @example 01890a5d-ac96-774b-bcce-b302099a8057
             */
            id: string;
            /**
             * Format: uuid
             * @description An id
             * @example 01890a5d-ac96-774b-bcce-b302099a8057
             */
            org_node_id: string;
            /**
             * Format: uuid
             * @description An id
             * @example 01890a5d-ac96-774b-bcce-b302099a8057
             */
            role_id: string;
            /**
             * Format: date-time
             * @description A time as of RFC 3339
             * @example 2027-01-31T08:00:00Z
             */
            starts_at: string;
            /**
             * Format: uuid
             * @description An id
             * @example 01890a5d-ac96-774b-bcce-b302099a8057
             */
            user_id: string;
        };
        CrossAppAudience: {
            /** @description The issuer of the other server, letter by letter */
            audience: string;
            /** @description The `client_id` of the application there */
            audience_client_id: string;
            /**
             * Format: date-time
             * @description A time as of RFC 3339
             * @example 2027-01-31T08:00:00Z
             */
            created_at: string;
            /**
             * Format: uuid
             * @description An id
             * @example 01890a5d-ac96-774b-bcce-b302099a8057
             */
            id: string;
            /** @description What it may ask for there at the most */
            scopes: string[];
        };
        CrossAppAudiences: {
            items: components["schemas"]["CrossAppAudience"][];
        };
        CrossAppTerms: {
            /** @description The applications that may bring its assertions */
            client_ids: string[];
            /** @description The capabilities that they may get by them at the most */
            scopes: string[];
            /** @description The `tenant` of its assertions; null: they have none */
            their_tenant: string | null;
        };
        Effects: {
            /** @description API keys that end */
            api_keys: number;
            /** @description Applications that are told that a sign-in has ended */
            applications_told: number;
            /** @description What people let applications have, and that ends */
            grants: number;
            /** @description Invitations that are withdrawn, or lead nowhere */
            invitations: number;
            /** @description Who is concerned by it */
            people: number;
            /** @description Roles held now or later that are good for nothing from then on */
            roles: number;
            /** @description Tokens of services that end */
            service_tokens: number;
            /** @description Sign-ins that end */
            sessions: number;
        };
        EventStream: {
            /** @description `aud` of its tokens */
            audience: string;
            /** @description The service whose stream it is; null: a person made it */
            client_id: string | null;
            /**
             * Format: date-time
             * @description A time as of RFC 3339
             * @example 2027-01-31T08:00:00Z
             */
            created_at: string;
            created_by: string | null;
            description: string;
            /** @description `failing` for three days, or `gone` (410) */
            disabled_why: string | null;
            endpoint_url: string | null;
            /** @description Those of them that there are */
            events_delivered: string[];
            events_requested: string[];
            /** @description How many were given up within a day; 1000: or more */
            failed: number;
            failing_since: string | null;
            /** @description Whether something is sent as `Authorization` */
            has_authorization: boolean;
            /**
             * Format: uuid
             * @description An id
             * @example 01890a5d-ac96-774b-bcce-b302099a8057
             */
            id: string;
            /**
             * @description RFC 8935 or RFC 8936
             * @enum {string}
             */
            method: "push" | "poll";
            /**
             * @description paused: what happens waits; disabled: it is told nothing of what happens
             * @enum {string}
             */
            state: "enabled" | "paused" | "disabled";
            /**
             * Format: date-time
             * @description A time as of RFC 3339
             * @example 2027-01-31T08:00:00Z
             */
            updated_at: string;
            verified_at: string | null;
            /** @description How many wait; 1000: or more */
            waiting: number;
        };
        EventStreamDelivery: {
            attempted_at: string | null;
            attempts: number;
            /**
             * Format: date-time
             * @description A time as of RFC 3339
             * @example 2027-01-31T08:00:00Z
             */
            created_at: string;
            /**
             * Format: uuid
             * @description `jti` of its token, however often it is sent
             * @example 01890a5d-ac96-774b-bcce-b302099a8057
             */
            event_id: string;
            /**
             * Format: uuid
             * @description An id
             * @example 01890a5d-ac96-774b-bcce-b302099a8057
             */
            id: string;
            /**
             * Format: date-time
             * @description A time as of RFC 3339
             * @example 2027-01-31T08:00:00Z
             */
            occurred_at: string;
            reason: string | null;
            /** @enum {string} */
            state: "waiting" | "delivered" | "failed";
            status: number | null;
            subject: string;
            /** @enum {string} */
            type: "session.ended" | "sessions.ended" | "credential.changed" | "user.created" | "user.updated" | "user.activated" | "user.deactivated" | "user.deleted" | "user.erased" | "invitation.accepted" | "consent.withdrawn" | "role.assigned" | "role.begun" | "role.rescheduled" | "role.ended" | "visibility.granted" | "visibility.begun" | "visibility.rescheduled" | "visibility.ended" | "role.changed" | "role.deleted" | "org_node.moved" | "org_node.activated" | "org_node.deactivated" | "org_node.deleted" | "api_key.ended" | "tenant.activated" | "tenant.suspended" | "tenant.moved" | "verification" | "stream.updated" | "ping";
        };
        EventStreamPolled: {
            more_available: boolean;
            /** @description Security event tokens by `jti` */
            sets: {
                [key: string]: string;
            };
        };
        ExchangeCapabilities: {
            items: {
                /**
                 * @description The key of a capability
                 * @example inventory.read
                 */
                capability: string;
                /** @description The identifier of its API */
                resource: string;
            }[];
        };
        ExportedPerson: {
            email?: string;
            email_verified: boolean;
            external_id?: string;
            family_name?: string;
            full_name?: string;
            given_name?: string;
            identities: {
                email: string | null;
                issuer?: string;
                provider: string;
                subject: string;
            }[];
            locale?: string;
            metadata: {
                [key: string]: unknown;
            };
            mfa_required: boolean;
            phone?: string;
            phone_verified: boolean;
            picture_url?: string;
            roles: {
                ends_at: string | null;
                place: string;
                role: string;
                /**
                 * Format: date-time
                 * @description A time as of RFC 3339
                 * @example 2027-01-31T08:00:00Z
                 */
                starts_at: string;
            }[];
            /** @enum {string} */
            state: "active" | "inactive";
            username?: string;
            zoneinfo?: string;
        };
        Factor: {
            /**
             * Format: date-time
             * @description A time as of RFC 3339
             * @example 2027-01-31T08:00:00Z
             */
            created_at: string;
            /** @description When a reset that waits takes it away */
            ends_at: string | null;
            /**
             * Format: uuid
             * @description An id
             * @example 01890a5d-ac96-774b-bcce-b302099a8057
             */
            id: string;
            /**
             * @description `totp`: an authenticator app; `security_key`
             * @example totp
             */
            kind: string;
            last_used_at: string | null;
            /** @description What the person calls a security key */
            name: string | null;
        };
        FactorReset: {
            /** @description When it takes effect; null: nothing is enrolled */
            ends_at: string | null;
        };
        Failure: {
            /**
             * @description What programs read
             * @example DUPLICATE_EMAIL
             */
            code: string;
            /** @example Conflict */
            error: string;
            fields?: {
                field: string;
                message: string;
            }[];
            /** @example Email already in use */
            message: string;
            requestId?: string;
            statusCode: number;
        };
        FoundGroups: {
            items: components["schemas"]["Group"][];
            total: number;
        };
        FoundUser: {
            /**
             * Format: date-time
             * @description A time as of RFC 3339
             * @example 2027-01-31T08:00:00Z
             */
            created_at: string;
            email: string | null;
            email_verified: boolean;
            external_id: string | null;
            family_name: string | null;
            full_name: string | null;
            given_name: string | null;
            /** @description Those within reach */
            groups: {
                /**
                 * Format: uuid
                 * @description An id
                 * @example 01890a5d-ac96-774b-bcce-b302099a8057
                 */
                id: string;
                name: string;
            }[];
            /**
             * Format: uuid
             * @description An id
             * @example 01890a5d-ac96-774b-bcce-b302099a8057
             */
            id: string;
            last_login_at: string | null;
            locale: string | null;
            metadata: {
                [key: string]: unknown;
            };
            /** @description Whether a second factor is enrolled */
            mfa_enabled: boolean;
            mfa_required: boolean;
            /** @description Null: they have no password */
            password_changed_at: string | null;
            phone: string | null;
            phone_verified: boolean;
            picture_url: string | null;
            /** @enum {string} */
            state: "active" | "inactive";
            /**
             * Format: date-time
             * @description A time as of RFC 3339
             * @example 2027-01-31T08:00:00Z
             */
            updated_at: string;
            username: string | null;
            zoneinfo: string | null;
        };
        FoundUsers: {
            items: components["schemas"]["FoundUser"][];
            total: number;
        };
        Grant: {
            /** @description Whether it acts for the person while they are away */
            agent: boolean;
            client_id: string;
            /** @description Null: the pages of this server itself */
            client_name: string | null;
            /**
             * Format: date-time
             * @description A time as of RFC 3339
             * @example 2027-01-31T08:00:00Z
             */
            created_at: string;
            expires_at: string | null;
            /** @description Whether it was granted without asking the person */
            first_party: boolean;
            id: string;
            /** @description To the minute */
            last_used_at: string | null;
            /** @description What it may do at APIs, by their identifiers */
            resources: {
                resource: string;
                scopes: string[];
            }[];
            /** @description What the application may know of the person */
            scopes: string[];
        };
        Group: {
            /**
             * Format: date-time
             * @description A time as of RFC 3339
             * @example 2027-01-31T08:00:00Z
             */
            created_at: string;
            display_name: string;
            external_id: string | null;
            /**
             * Format: uuid
             * @description An id
             * @example 01890a5d-ac96-774b-bcce-b302099a8057
             */
            id: string;
            /** @description How many hold the role there now */
            members: number;
            /** @description Another one whenever somebody came or went */
            members_version: string;
            org_node: string;
            /**
             * Format: uuid
             * @description An id
             * @example 01890a5d-ac96-774b-bcce-b302099a8057
             */
            org_node_id: string;
            org_node_type: string;
            role: string;
            /**
             * Format: uuid
             * @description An id
             * @example 01890a5d-ac96-774b-bcce-b302099a8057
             */
            role_id: string;
            /**
             * Format: date-time
             * @description A time as of RFC 3339
             * @example 2027-01-31T08:00:00Z
             */
            updated_at: string;
        };
        GroupMembers: {
            items: {
                /**
                 * Format: uuid
                 * @description An id
                 * @example 01890a5d-ac96-774b-bcce-b302099a8057
                 */
                assignment_id: string;
                name: string | null;
                /**
                 * Format: uuid
                 * @description An id
                 * @example 01890a5d-ac96-774b-bcce-b302099a8057
                 */
                user_id: string;
            }[];
        };
        HeldOnPerson: {
            /** @description Their own keys; what they are is told by nobody */
            api_keys: {
                /**
                 * Format: date-time
                 * @description A time as of RFC 3339
                 * @example 2027-01-31T08:00:00Z
                 */
                created_at: string;
                /**
                 * Format: date-time
                 * @description A time as of RFC 3339
                 * @example 2027-01-31T08:00:00Z
                 */
                expires_at: string;
                /**
                 * Format: uuid
                 * @description An id
                 * @example 01890a5d-ac96-774b-bcce-b302099a8057
                 */
                id: string;
                last_used_at: string | null;
                name: string;
                /**
                 * Format: uuid
                 * @description An id
                 * @example 01890a5d-ac96-774b-bcce-b302099a8057
                 */
                org_node_id: string;
                prefix: string;
                revoked_at: string | null;
            }[];
            /** @description Since when they have been asked for a second factor */
            asked_to_enrol: {
                /**
                 * Format: date-time
                 * @description A time as of RFC 3339
                 * @example 2027-01-31T08:00:00Z
                 */
                began_at: string;
            }[];
            assignments: {
                assigned_by: string | null;
                /**
                 * Format: date-time
                 * @description A time as of RFC 3339
                 * @example 2027-01-31T08:00:00Z
                 */
                created_at: string;
                ends_at: string | null;
                /**
                 * Format: uuid
                 * @description An id
                 * @example 01890a5d-ac96-774b-bcce-b302099a8057
                 */
                id: string;
                /**
                 * Format: uuid
                 * @description An id
                 * @example 01890a5d-ac96-774b-bcce-b302099a8057
                 */
                org_node_id: string;
                place: string;
                role: string;
                /**
                 * Format: date-time
                 * @description A time as of RFC 3339
                 * @example 2027-01-31T08:00:00Z
                 */
                starts_at: string;
            }[];
            /** @description Codes and links that were sent in the last days */
            codes: {
                attempt_count: number;
                channel: string;
                consumed_at: string | null;
                /**
                 * Format: date-time
                 * @description A time as of RFC 3339
                 * @example 2027-01-31T08:00:00Z
                 */
                created_at: string;
                destination: string;
                /**
                 * Format: date-time
                 * @description A time as of RFC 3339
                 * @example 2027-01-31T08:00:00Z
                 */
                expires_at: string;
                /** @description Where it was asked for from */
                ip: string | null;
                purpose: string;
                revoked_at: string | null;
                sent_at: string | null;
            }[];
            /** @description What was so before it was changed, for as long as the trail is kept */
            earlier_access: {
                assignments: {
                    assigned_by: string | null;
                    ends_at: string | null;
                    /**
                     * Format: uuid
                     * @description An id
                     * @example 01890a5d-ac96-774b-bcce-b302099a8057
                     */
                    id: string;
                    /**
                     * Format: uuid
                     * @description An id
                     * @example 01890a5d-ac96-774b-bcce-b302099a8057
                     */
                    org_node_id: string;
                    /**
                     * Format: uuid
                     * @description An id
                     * @example 01890a5d-ac96-774b-bcce-b302099a8057
                     */
                    role_id: string;
                    /**
                     * Format: date-time
                     * @description A time as of RFC 3339
                     * @example 2027-01-31T08:00:00Z
                     */
                    starts_at: string;
                    /**
                     * Format: date-time
                     * @description A time as of RFC 3339
                     * @example 2027-01-31T08:00:00Z
                     */
                    valid_from: string;
                    /**
                     * Format: date-time
                     * @description A time as of RFC 3339
                     * @example 2027-01-31T08:00:00Z
                     */
                    valid_to: string;
                }[];
                states: {
                    state: string;
                    /**
                     * Format: date-time
                     * @description A time as of RFC 3339
                     * @example 2027-01-31T08:00:00Z
                     */
                    valid_from: string;
                    /**
                     * Format: date-time
                     * @description A time as of RFC 3339
                     * @example 2027-01-31T08:00:00Z
                     */
                    valid_to: string;
                }[];
                visibility_grants: {
                    access_scope: string;
                    ends_at: string | null;
                    granted_by: string | null;
                    /**
                     * Format: uuid
                     * @description An id
                     * @example 01890a5d-ac96-774b-bcce-b302099a8057
                     */
                    id: string;
                    /**
                     * Format: uuid
                     * @description An id
                     * @example 01890a5d-ac96-774b-bcce-b302099a8057
                     */
                    org_node_id: string;
                    /**
                     * Format: date-time
                     * @description A time as of RFC 3339
                     * @example 2027-01-31T08:00:00Z
                     */
                    starts_at: string;
                    /**
                     * Format: date-time
                     * @description A time as of RFC 3339
                     * @example 2027-01-31T08:00:00Z
                     */
                    valid_from: string;
                    /**
                     * Format: date-time
                     * @description A time as of RFC 3339
                     * @example 2027-01-31T08:00:00Z
                     */
                    valid_to: string;
                }[];
            };
            /** @description What the audit trail says of them, and of what they did */
            events: {
                action: string;
                actor_id: string | null;
                actor_type: string;
                entity_id: string | null;
                entity_type: string | null;
                /**
                 * Format: uuid
                 * @description An id
                 * @example 01890a5d-ac96-774b-bcce-b302099a8057
                 */
                id: string;
                ip: string | null;
                /**
                 * Format: date-time
                 * @description A time as of RFC 3339
                 * @example 2027-01-31T08:00:00Z
                 */
                occurred_at: string;
                payload: {
                    [key: string]: unknown;
                };
                user_agent: string | null;
            }[];
            /**
             * Format: date-time
             * @description A time as of RFC 3339
             * @example 2027-01-31T08:00:00Z
             */
            exported_at: string;
            /** @description Failed sign-ins in a row, by the account and by the addresses */
            failures: {
                failures: number;
                /**
                 * Format: date-time
                 * @description A time as of RFC 3339
                 * @example 2027-01-31T08:00:00Z
                 */
                last_failed_at: string;
            }[];
            grants: components["schemas"]["Grant"][];
            /** @description What they sign in by; of `password` it is told that there is one */
            identities: {
                /**
                 * Format: date-time
                 * @description A time as of RFC 3339
                 * @example 2027-01-31T08:00:00Z
                 */
                created_at: string;
                /** @description As the provider has told it last */
                email: string | null;
                /** @description By the word of the provider */
                email_verified: boolean;
                issuer: string;
                last_used_at: string | null;
                provider: string;
                subject: string;
            }[];
            invitations: {
                accepted_at: string | null;
                address: string | null;
                /**
                 * Format: date-time
                 * @description A time as of RFC 3339
                 * @example 2027-01-31T08:00:00Z
                 */
                created_at: string;
                /**
                 * Format: date-time
                 * @description A time as of RFC 3339
                 * @example 2027-01-31T08:00:00Z
                 */
                expires_at: string;
                /**
                 * Format: uuid
                 * @description An id
                 * @example 01890a5d-ac96-774b-bcce-b302099a8057
                 */
                id: string;
                /**
                 * Format: uuid
                 * @description An id
                 * @example 01890a5d-ac96-774b-bcce-b302099a8057
                 */
                org_node_id: string;
                /** @description Else the person has sent it */
                received: boolean;
                revoked_at: string | null;
                /**
                 * Format: uuid
                 * @description An id
                 * @example 01890a5d-ac96-774b-bcce-b302099a8057
                 */
                role_id: string;
                /**
                 * Format: date-time
                 * @description A time as of RFC 3339
                 * @example 2027-01-31T08:00:00Z
                 */
                sent_at: string;
            }[];
            /** @description Messages that have not gone */
            messages: {
                channel: string;
                template: string;
                to: string;
            }[];
            passkey_offers: {
                /**
                 * Format: date-time
                 * @description A time as of RFC 3339
                 * @example 2027-01-31T08:00:00Z
                 */
                offered_at: string;
            }[];
            passkeys: {
                backed_up: boolean;
                backup_eligible: boolean;
                /**
                 * Format: date-time
                 * @description A time as of RFC 3339
                 * @example 2027-01-31T08:00:00Z
                 */
                created_at: string;
                /**
                 * Format: uuid
                 * @description An id
                 * @example 01890a5d-ac96-774b-bcce-b302099a8057
                 */
                id: string;
                last_used_at: string | null;
                name: string;
                transports: string[];
            }[];
            person: {
                /**
                 * Format: date-time
                 * @description A time as of RFC 3339
                 * @example 2027-01-31T08:00:00Z
                 */
                created_at: string;
                deactivated_at: string | null;
                deleted_at: string | null;
                deletion_due_at: string | null;
                deletion_requested_at: string | null;
                email: string | null;
                email_verified_at: string | null;
                erased_at: string | null;
                external_id: string | null;
                family_name: string | null;
                full_name: string | null;
                given_name: string | null;
                /**
                 * Format: uuid
                 * @description An id
                 * @example 01890a5d-ac96-774b-bcce-b302099a8057
                 */
                id: string;
                last_login_at: string | null;
                metadata: {
                    [key: string]: unknown;
                };
                mfa_required: boolean;
                /** @description Null: they have no password */
                password_changed_at: string | null;
                phone: string | null;
                phone_verified_at: string | null;
                picture_url: string | null;
                /** @enum {string} */
                state: "active" | "inactive";
                /**
                 * Format: date-time
                 * @description A time as of RFC 3339
                 * @example 2027-01-31T08:00:00Z
                 */
                updated_at: string;
                username: string | null;
            };
            /** @description That there are some, and when each was used */
            recovery_codes: {
                /**
                 * Format: date-time
                 * @description A time as of RFC 3339
                 * @example 2027-01-31T08:00:00Z
                 */
                created_at: string;
                /**
                 * Format: uuid
                 * @description An id
                 * @example 01890a5d-ac96-774b-bcce-b302099a8057
                 */
                id: string;
                used_at: string | null;
            }[];
            referral: {
                code: {
                    code: string;
                    /**
                     * Format: date-time
                     * @description A time as of RFC 3339
                     * @example 2027-01-31T08:00:00Z
                     */
                    created_at: string;
                    is_active: boolean;
                } | null;
                referrals: {
                    /**
                     * Format: date-time
                     * @description A time as of RFC 3339
                     * @example 2027-01-31T08:00:00Z
                     */
                    created_at: string;
                    /**
                     * Format: uuid
                     * @description An id
                     * @example 01890a5d-ac96-774b-bcce-b302099a8057
                     */
                    referred_user_id: string;
                    /**
                     * Format: uuid
                     * @description An id
                     * @example 01890a5d-ac96-774b-bcce-b302099a8057
                     */
                    referrer_user_id: string;
                    status: string;
                }[];
            };
            /** @description Links by which they could take back what was done to the account */
            safety_links: {
                consumed_at: string | null;
                /**
                 * Format: date-time
                 * @description A time as of RFC 3339
                 * @example 2027-01-31T08:00:00Z
                 */
                created_at: string;
                /**
                 * Format: date-time
                 * @description A time as of RFC 3339
                 * @example 2027-01-31T08:00:00Z
                 */
                expires_at: string;
                kind: string;
            }[];
            second_factors: {
                /**
                 * Format: date-time
                 * @description A time as of RFC 3339
                 * @example 2027-01-31T08:00:00Z
                 */
                created_at: string;
                ends_at: string | null;
                /**
                 * Format: uuid
                 * @description An id
                 * @example 01890a5d-ac96-774b-bcce-b302099a8057
                 */
                id: string;
                kind: string;
                last_used_at: string | null;
            }[];
            sessions: {
                acr: string | null;
                amr: string[];
                clients: string[];
                /** @description SHA-256 of a cookie of the browser */
                device: string | null;
                /**
                 * Format: date-time
                 * @description A time as of RFC 3339
                 * @example 2027-01-31T08:00:00Z
                 */
                expires_at: string;
                /**
                 * Format: uuid
                 * @description An id
                 * @example 01890a5d-ac96-774b-bcce-b302099a8057
                 */
                id: string;
                ip: string | null;
                /**
                 * Format: date-time
                 * @description A time as of RFC 3339
                 * @example 2027-01-31T08:00:00Z
                 */
                last_seen_at: string;
                /**
                 * Format: date-time
                 * @description A time as of RFC 3339
                 * @example 2027-01-31T08:00:00Z
                 */
                login_at: string;
                revoked_at: string | null;
                user_agent: string | null;
            }[];
            settings: components["schemas"]["HeldSettings"] | null;
            setup_links: {
                consumed_at: string | null;
                /**
                 * Format: date-time
                 * @description A time as of RFC 3339
                 * @example 2027-01-31T08:00:00Z
                 */
                created_at: string;
                email: string;
                /**
                 * Format: date-time
                 * @description A time as of RFC 3339
                 * @example 2027-01-31T08:00:00Z
                 */
                expires_at: string;
                revoked_at: string | null;
            }[];
            tokens: {
                client_id: string | null;
                /**
                 * Format: date-time
                 * @description A time as of RFC 3339
                 * @example 2027-01-31T08:00:00Z
                 */
                created_at: string;
                expires_at: string | null;
                model: string;
            }[];
            visibility_grants: {
                access_scope: string;
                /**
                 * Format: date-time
                 * @description A time as of RFC 3339
                 * @example 2027-01-31T08:00:00Z
                 */
                created_at: string;
                ends_at: string | null;
                granted_by: string | null;
                /**
                 * Format: uuid
                 * @description An id
                 * @example 01890a5d-ac96-774b-bcce-b302099a8057
                 */
                id: string;
                /**
                 * Format: uuid
                 * @description An id
                 * @example 01890a5d-ac96-774b-bcce-b302099a8057
                 */
                org_node_id: string;
                place: string;
                /**
                 * Format: date-time
                 * @description A time as of RFC 3339
                 * @example 2027-01-31T08:00:00Z
                 */
                starts_at: string;
            }[];
        };
        HeldSettings: {
            locale: string | null;
            notify_by_email: boolean;
            notify_in_app: boolean;
            /** @enum {string} */
            theme: "light" | "dark" | "system";
            /**
             * Format: date-time
             * @description A time as of RFC 3339
             * @example 2027-01-31T08:00:00Z
             */
            updated_at: string;
            zoneinfo: string | null;
        };
        Identity: {
            /**
             * Format: date-time
             * @description A time as of RFC 3339
             * @example 2027-01-31T08:00:00Z
             */
            created_at: string;
            /** @description As the provider has told it last */
            email: string | null;
            /** @description By the word of the provider */
            email_verified: boolean;
            /**
             * Format: uuid
             * @description An id
             * @example 01890a5d-ac96-774b-bcce-b302099a8057
             */
            id: string;
            issuer: string;
            last_used_at: string | null;
            provider: string;
            subject: string;
        };
        IdentityProvider: {
            /** @description Its name for each standard claim */
            claim_mapping: {
                [key: string]: unknown;
            };
            client_id: string;
            /**
             * Format: date-time
             * @description A time as of RFC 3339
             * @example 2027-01-31T08:00:00Z
             */
            created_at: string;
            /** @description Which of its assertions about people count (docs/cross-app-access.md); null: none */
            cross_app: components["schemas"]["CrossAppTerms"] | null;
            /**
             * Format: uuid
             * @description An id
             * @example 01890a5d-ac96-774b-bcce-b302099a8057
             */
            id: string;
            issuer: string;
            /**
             * @description The end of its callback address, and what settings name it by
             * @example northwind-entra
             */
            key: string;
            name: string;
            /**
             * @description How it sends its answer; Apple posts a form
             * @enum {string}
             */
            response_mode: "query" | "form_post";
            scopes: string[];
            /** @enum {string} */
            state: "active" | "disabled";
            /** @description null: of all tenants */
            tenant_id: string | null;
        };
        IdentityProviderChecks: {
            checks: {
                /**
                 * @description In their order; what could not be looked at is not there
                 * @enum {string}
                 */
                check: "discovery" | "issuer" | "endpoints" | "signing" | "keys" | "scopes" | "credentials";
                passes: boolean;
                /**
                 * @description Why it does not pass
                 * @example client_refused
                 */
                reason: string | null;
            }[];
            /** @description Every check that could be made passes */
            works: boolean;
        };
        Import: {
            begun_at: string | null;
            /**
             * Format: date-time
             * @description A time as of RFC 3339
             * @example 2027-01-31T08:00:00Z
             */
            created_at: string;
            created_by: string | null;
            ended_at: string | null;
            file_name: string;
            /** @description What would become of the rows, as far as it is known */
            foreseen: {
                created: number;
                refused: number;
                unchanged: number;
                updated: number;
            };
            /** @description What the rows were made of */
            format: string;
            /**
             * Format: uuid
             * @description An id
             * @example 01890a5d-ac96-774b-bcce-b302099a8057
             */
            id: string;
            /** @description What became of the rows that are done */
            outcomes: {
                created: number;
                refused: number;
                unchanged: number;
                updated: number;
            };
            row_count: number;
            /**
             * @description checking: what would become of each row is found out; ready: it waits for `imports.begin`; stopped: what was done stays done
             * @enum {string}
             */
            state: "receiving" | "checking" | "ready" | "running" | "done" | "stopped";
            /** @description `cancelled`; `not_allowed`: who brought it may import no more; `unreadable`: SECRET_KEY was replaced; `failed` */
            stopped_why: string | null;
            weak_hashes: boolean;
        };
        ImportedPerson: {
            email?: string | null;
            /** @description Whether the address is known to be theirs */
            email_verified?: boolean;
            external_id?: string | null;
            family_name?: string | null;
            full_name?: string | null;
            given_name?: string | null;
            /** @default [] */
            identities: {
                email?: string | null;
                issuer?: string | null;
                /**
                 * @description The key of an identity provider
                 * @example google
                 */
                provider: string;
                subject: string;
            }[];
            /**
             * @description BCP 47
             * @example fr-CH
             */
            locale?: string | null;
            /**
             * @description What applications keep with the person: at most 16 KB
             * @example {
             *       "room": "12"
             *     }
             */
            metadata?: {
                [key: string]: unknown;
            };
            mfa_required?: boolean;
            /** @description As another system hashed the password; replaced at the first sign-in */
            password_hash?: (string | ({
                /** @enum {string} */
                algorithm: "bcrypt" | "bcrypt_sha256";
                encoded: string;
            } | {
                /** @constant */
                algorithm: "argon2";
                encoded: string;
            } | {
                /** @constant */
                algorithm: "pbkdf2";
                /** @enum {string} */
                digest: "sha1" | "sha256" | "sha512";
                hash: string;
                iterations: number;
                salt: string;
            } | {
                /** @constant */
                algorithm: "scrypt";
                block_size: number;
                cost: number;
                hash: string;
                parallelization: number;
                salt: string;
            } | {
                /** @constant */
                algorithm: "firebase_scrypt";
                hash: string;
                mem_cost: number;
                rounds: number;
                salt: string;
                salt_separator: string;
                signer_key: string;
            } | {
                /** @constant */
                algorithm: "sha";
                /** @enum {string} */
                digest: "sha1" | "sha256" | "sha512";
                hash: string;
                salt: string;
                /**
                 * @default prefix
                 * @enum {string}
                 */
                salt_position: "prefix" | "suffix";
            })) | null;
            /**
             * @description With its country code
             * @example +41791234567
             */
            phone?: string | null;
            phone_verified?: boolean;
            /** @description An https address */
            picture_url?: string | null;
            roles?: {
                ends_at?: string | null;
                /**
                 * @description An id, an external id, or a path of names; absent: the root
                 * @default
                 */
                place: string;
                /** @description Its name or its id */
                role: string;
                starts_at?: string | null;
            }[];
            /**
             * @default active
             * @enum {string}
             */
            state: "active" | "inactive";
            /** @description Unique in the tenant, whatever its case */
            username?: string | null;
            /**
             * @description IANA time zone
             * @example Europe/Zurich
             */
            zoneinfo?: string | null;
        };
        ImportResult: {
            error: {
                code: string;
                fields?: {
                    field: string;
                    message: string;
                }[];
                message: string;
            } | null;
            /** @description What the row says otherwise than it is; it was left as it is */
            kept: string[];
            /** @description Which row, from 1 */
            line: number;
            /** @enum {string} */
            outcome: "created" | "updated" | "unchanged" | "refused";
            /** @description Null where it was refused, and in a dry run of who is new */
            user_id: string | null;
        };
        ImportRow: {
            address: string | null;
            error: {
                code: string;
                fields?: {
                    field: string;
                    message: string;
                }[];
                message: string;
                params: {
                    [key: string]: string | number;
                };
            } | null;
            is_done: boolean;
            /** @description What the row says otherwise than it is; it was left as it is */
            kept: string[];
            /** @description Which row of the file, from 1 */
            line: number;
            /** @description What the row says while it waits; then that of the person */
            name: string | null;
            /** @description What became of it; of a row that waits what would; null: not known yet */
            outcome: ("created" | "updated" | "unchanged" | "refused") | null;
            user_id: string | null;
        };
        InitialAccessToken: {
            /**
             * Format: date-time
             * @description A time as of RFC 3339
             * @example 2027-01-31T08:00:00Z
             */
            created_at: string;
            created_by: string | null;
            /**
             * Format: date-time
             * @description A time as of RFC 3339
             * @example 2027-01-31T08:00:00Z
             */
            expires_at: string;
            /** @description Its last characters */
            hint: string;
            /**
             * Format: uuid
             * @description An id
             * @example 01890a5d-ac96-774b-bcce-b302099a8057
             */
            id: string;
            last_used_at: string | null;
            most_uses: number;
            name: string;
            redirect_hosts: string[];
            revoked_at: string | null;
            scopes: string[];
            /** @description How many applications were registered by it */
            uses: number;
        };
        InstallationChecks: {
            /**
             * Format: date-time
             * @description A time as of RFC 3339
             * @example 2027-01-31T08:00:00Z
             */
            checked_at: string;
            items: {
                /** @description What to do about it, in English */
                advice: string | null;
                /** @description What was found, in English; never a credential */
                detail: string;
                /** @description Such as `database`, `mail`, `signing keys` */
                name: string;
                /** @enum {string} */
                status: "ok" | "warn" | "fail";
            }[];
            /** @description The machine that looked: another one may find something else */
            server: string;
            /**
             * @description The worst of all checks
             * @enum {string}
             */
            status: "ok" | "warn" | "fail";
        };
        Invitation: {
            accepted_at: string | null;
            accepted_by: string | null;
            /** @enum {string} */
            channel: "email" | "sms" | "whatsapp";
            /**
             * Format: date-time
             * @description A time as of RFC 3339
             * @example 2027-01-31T08:00:00Z
             */
            created_at: string;
            email: string | null;
            /**
             * Format: date-time
             * @description A time as of RFC 3339
             * @example 2027-01-31T08:00:00Z
             */
            expires_at: string;
            /**
             * Format: uuid
             * @description An id
             * @example 01890a5d-ac96-774b-bcce-b302099a8057
             */
            id: string;
            /** @description The person of the tenant who invited */
            invited_by: string | null;
            /**
             * Format: uuid
             * @description An id
             * @example 01890a5d-ac96-774b-bcce-b302099a8057
             */
            org_node_id: string;
            phone: string | null;
            revoked_at: string | null;
            /**
             * Format: uuid
             * @description An id
             * @example 01890a5d-ac96-774b-bcce-b302099a8057
             */
            role_id: string;
            /**
             * Format: date-time
             * @description A time as of RFC 3339
             * @example 2027-01-31T08:00:00Z
             */
            sent_at: string;
            sent_count: number;
            /**
             * @description `expired` may be sent again
             * @enum {string}
             */
            state: "open" | "expired" | "accepted" | "revoked";
        };
        ListedAssignment: {
            assigned_by: string | null;
            /**
             * Format: date-time
             * @description A time as of RFC 3339
             * @example 2027-01-31T08:00:00Z
             */
            created_at: string;
            ends_at: string | null;
            /**
             * Format: uuid
             * @description An id
             * @example 01890a5d-ac96-774b-bcce-b302099a8057
             */
            id: string;
            /** @description The name of the node */
            org_node: string | null;
            /**
             * Format: uuid
             * @description An id
             * @example 01890a5d-ac96-774b-bcce-b302099a8057
             */
            org_node_id: string;
            org_node_type: string | null;
            /** @description The name of the role */
            role: string | null;
            /**
             * Format: uuid
             * @description An id
             * @example 01890a5d-ac96-774b-bcce-b302099a8057
             */
            role_id: string;
            /**
             * Format: date-time
             * @description A time as of RFC 3339
             * @example 2027-01-31T08:00:00Z
             */
            starts_at: string;
            /**
             * Format: uuid
             * @description An id
             * @example 01890a5d-ac96-774b-bcce-b302099a8057
             */
            user_id: string;
            /** @description The name or the address of the person; null: it is gone */
            user_name: string | null;
        };
        ListedCapability: {
            /** @description What that API calls it when it asks for a decision; null: its key */
            action: string | null;
            action_properties: {
                [key: string]: string | number | boolean;
            } | null;
            /** @description What people read when they are asked for it */
            description: string | null;
            /**
             * Format: uuid
             * @description An id
             * @example 01890a5d-ac96-774b-bcce-b302099a8057
             */
            id: string;
            /** @description Of this API itself: fixed */
            is_system: boolean;
            /**
             * @description The key of a capability
             * @example inventory.read
             */
            key: string;
            /** @description The part of a product it belongs to */
            module: string | null;
            /** @description What that API is called; null: it is not for this tenant */
            resource_server: string | null;
            /** @description The API whose scope it is */
            resource_server_id: string | null;
            /** @description What tokens for it are asked for with (`resource`) */
            resource_server_identifier: string | null;
        };
        ListedClient: {
            /** @description It acts for people while they are away */
            agent: boolean;
            /** @description The client_id, as the protocol has it; an address is written with percent signs in a path */
            client_id: string;
            /**
             * Format: date-time
             * @description A time as of RFC 3339
             * @example 2027-01-31T08:00:00Z
             */
            created_at: string;
            first_party: boolean;
            /** @enum {string} */
            kind: "web" | "spa" | "native";
            name: string;
            /**
             * @description managed: somebody registered it; dynamic: it registered itself; document: it is known by the one at its address
             * @enum {string}
             */
            origin: "managed" | "dynamic" | "document";
            redirect_uris: string[];
            /** @description How many secrets work now */
            secrets: number;
            /** @enum {string} */
            state: "active" | "disabled";
            /** @description The slug of the tenant whose it is; null: of all tenants */
            tenant: string | null;
        };
        ListedInvitation: {
            accepted_at: string | null;
            accepted_by: string | null;
            /** @enum {string} */
            channel: "email" | "sms" | "whatsapp";
            /**
             * Format: date-time
             * @description A time as of RFC 3339
             * @example 2027-01-31T08:00:00Z
             */
            created_at: string;
            email: string | null;
            /**
             * Format: date-time
             * @description A time as of RFC 3339
             * @example 2027-01-31T08:00:00Z
             */
            expires_at: string;
            /**
             * Format: uuid
             * @description An id
             * @example 01890a5d-ac96-774b-bcce-b302099a8057
             */
            id: string;
            /** @description The person of the tenant who invited */
            invited_by: string | null;
            /** @description The name of the place */
            org_node: string;
            /**
             * Format: uuid
             * @description An id
             * @example 01890a5d-ac96-774b-bcce-b302099a8057
             */
            org_node_id: string;
            phone: string | null;
            revoked_at: string | null;
            /** @description The name of the role */
            role: string;
            /**
             * Format: uuid
             * @description An id
             * @example 01890a5d-ac96-774b-bcce-b302099a8057
             */
            role_id: string;
            /**
             * Format: date-time
             * @description A time as of RFC 3339
             * @example 2027-01-31T08:00:00Z
             */
            sent_at: string;
            sent_count: number;
            /**
             * @description `expired` may be sent again
             * @enum {string}
             */
            state: "open" | "expired" | "accepted" | "revoked";
        };
        ListedOrgNode: {
            /** @description Nothing held at or below an inactive node counts */
            active: boolean;
            /** @description With `counts=true`; of people null for who may not see them */
            counts?: {
                /** @description Directly below it */
                children: number;
                /** @description Held now, at it or below it; 1001: more than 1000 */
                live_roles: number | null;
                /** @description Who holds a role now, at it or below it; at least so many where `live_roles` is 1001 */
                people: number | null;
            };
            /**
             * Format: date-time
             * @description A time as of RFC 3339
             * @example 2027-01-31T08:00:00Z
             */
            created_at: string;
            external_id: string | null;
            /**
             * Format: uuid
             * @description An id
             * @example 01890a5d-ac96-774b-bcce-b302099a8057
             */
            id: string;
            name: string;
            /** @description null: the root */
            parent_id: string | null;
            /** @description With `path=true`: the nodes above it within reach, the top first */
            path?: {
                /**
                 * Format: uuid
                 * @description An id
                 * @example 01890a5d-ac96-774b-bcce-b302099a8057
                 */
                id: string;
                name: string;
            }[];
            /**
             * @description What it is
             * @example school
             */
            type: string;
            /**
             * Format: date-time
             * @description A time as of RFC 3339
             * @example 2027-01-31T08:00:00Z
             */
            updated_at: string;
        };
        ListedReferral: {
            /** @description When it stopped being pending */
            converted_at: string | null;
            /**
             * Format: date-time
             * @description A time as of RFC 3339
             * @example 2027-01-31T08:00:00Z
             */
            created_at: string;
            /**
             * Format: uuid
             * @description An id
             * @example 01890a5d-ac96-774b-bcce-b302099a8057
             */
            id: string;
            /** @description The name or the address of the person; null: it is gone */
            referred_name: string | null;
            /**
             * Format: uuid
             * @description An id
             * @example 01890a5d-ac96-774b-bcce-b302099a8057
             */
            referred_user_id: string;
            /** @description The name or the address of the person; null: it is gone */
            referrer_name: string | null;
            /**
             * Format: uuid
             * @description An id
             * @example 01890a5d-ac96-774b-bcce-b302099a8057
             */
            referrer_user_id: string;
            /**
             * @description `pending` until the new person signs in for the first time
             * @enum {string}
             */
            status: "pending" | "completed_signup" | "subscription_activated";
        };
        ListedReferralCode: {
            code: string;
            /** @description How many have signed in since */
            completed_signup: number;
            /**
             * Format: date-time
             * @description A time as of RFC 3339
             * @example 2027-01-31T08:00:00Z
             */
            created_at: string;
            expires_at: string | null;
            /**
             * Format: uuid
             * @description An id
             * @example 01890a5d-ac96-774b-bcce-b302099a8057
             */
            id: string;
            is_active: boolean;
            /** @description How many signed up by it and have not signed in yet */
            pending: number;
            /**
             * @description Whether it counts for those who sign up now, and why not
             * @enum {string}
             */
            state: "working" | "stopped" | "expired" | "owner_inactive" | "owner_deleted";
            /** @description How many have taken a subscription */
            subscription_activated: number;
            /**
             * Format: uuid
             * @description An id
             * @example 01890a5d-ac96-774b-bcce-b302099a8057
             */
            user_id: string;
            /** @description The name or the address of the person; null: it is gone */
            user_name: string | null;
        };
        ListedResourceServer: {
            /** @description How long an access token lives, in seconds */
            access_token_ttl: number;
            /** @description Its scopes */
            capabilities: string[];
            /**
             * Format: uuid
             * @description An id
             * @example 01890a5d-ac96-774b-bcce-b302099a8057
             */
            id: string;
            /** @description An absolute URI: the `aud` of its tokens */
            identifier: string;
            name: string;
            /** @description How a person has to have signed in for a token for it: by two factors, or null: as anybody */
            required_acr: ("urn:gatehouse:acr:aal1" | "urn:gatehouse:acr:aal2") | null;
            /**
             * @description Of a JWT
             * @enum {string}
             */
            signing_alg: "ES256" | "RS256";
            /** @description Whether first-party applications get its scopes without asking the person; others never do */
            skip_consent: boolean;
            /** @description The slug of the tenant whose it is */
            tenant: string | null;
            /** @description Whether it takes tokens that services and API keys were exchanged for (RFC 8693) */
            token_exchange: boolean;
            /**
             * @description opaque: the API introspects them
             * @enum {string}
             */
            token_format: "jwt" | "opaque";
        };
        ListedRole: {
            /** @description What it carries */
            capabilities: string[];
            /**
             * Format: date-time
             * @description A time as of RFC 3339
             * @example 2027-01-31T08:00:00Z
             */
            created_at: string;
            description: string | null;
            /**
             * Format: uuid
             * @description An id
             * @example 01890a5d-ac96-774b-bcce-b302099a8057
             */
            id: string;
            /** @description Owner, admin and member: every tenant has them */
            is_system: boolean;
            name: string;
            /**
             * Format: date-time
             * @description A time as of RFC 3339
             * @example 2027-01-31T08:00:00Z
             */
            updated_at: string;
        };
        ListedService: {
            /** @description The client_id, as the protocol has it; an address is written with percent signs in a path */
            client_id: string;
            /**
             * Format: date-time
             * @description A time as of RFC 3339
             * @example 2027-01-31T08:00:00Z
             */
            created_at: string;
            name: string;
            /** @description How many secrets work now */
            secrets: number;
            /** @enum {string} */
            state: "active" | "disabled";
            /** @description The slug of the tenant whose it is; null: of all tenants */
            tenant: string | null;
        };
        ListedTenant: {
            /**
             * Format: date-time
             * @description A time as of RFC 3339
             * @example 2027-01-31T08:00:00Z
             */
            created_at: string;
            /**
             * Format: uuid
             * @description An id
             * @example 01890a5d-ac96-774b-bcce-b302099a8057
             */
            id: string;
            /** @description Its owners run the server */
            is_platform: boolean;
            name: string;
            /**
             * @description Its short name: lower-case letters, digits and hyphens
             * @example northwind
             */
            slug: string;
            /** @enum {string} */
            state: "active" | "suspended";
            /**
             * Format: date-time
             * @description A time as of RFC 3339
             * @example 2027-01-31T08:00:00Z
             */
            updated_at: string;
            /** @description How many people it has */
            users: number;
        };
        ListedVisibilityGrant: {
            /** @enum {string} */
            access_scope: "read" | "analyze";
            /**
             * Format: date-time
             * @description A time as of RFC 3339
             * @example 2027-01-31T08:00:00Z
             */
            created_at: string;
            ends_at: string | null;
            granted_by: string | null;
            /**
             * Format: uuid
             * @description An id
             * @example 01890a5d-ac96-774b-bcce-b302099a8057
             */
            id: string;
            /** @description The name of the node */
            org_node: string | null;
            /**
             * Format: uuid
             * @description An id
             * @example 01890a5d-ac96-774b-bcce-b302099a8057
             */
            org_node_id: string;
            org_node_type: string | null;
            /**
             * Format: date-time
             * @description A time as of RFC 3339
             * @example 2027-01-31T08:00:00Z
             */
            starts_at: string;
            /**
             * Format: uuid
             * @description An id
             * @example 01890a5d-ac96-774b-bcce-b302099a8057
             */
            user_id: string;
            /** @description The name or the address of the person; null: it is gone */
            user_name: string | null;
        };
        MovedCapability: {
            /** @description Applications whose default API it was: they find it there no more, and have to name the other one */
            applications: string[];
            /** @description The API whose scope it was */
            from_resource_server_id: string | null;
            /**
             * @description The key of a capability
             * @example inventory.read
             */
            key: string;
            /** @description The API whose scope it is now */
            resource_server_id: string | null;
            /** @description How many roles carry it: tokens for the other API alone say so from now on */
            roles: number;
            /** @description Services that must ask the other API for it from now on */
            services: string[];
            /** @description Those of them whose default API it was, and who have no other capability there: a token request that names no `resource` is refused (`invalid_target`) until they get another `default_resource` */
            services_without_default: string[];
        };
        NewApiKey: {
            active: boolean;
            capabilities: string[];
            /**
             * Format: date-time
             * @description A time as of RFC 3339
             * @example 2027-01-31T08:00:00Z
             */
            created_at: string;
            created_by: string | null;
            /**
             * Format: date-time
             * @description A time as of RFC 3339
             * @example 2027-01-31T08:00:00Z
             */
            expires_at: string;
            /**
             * Format: uuid
             * @description An id
             * @example 01890a5d-ac96-774b-bcce-b302099a8057
             */
            id: string;
            /** @description The key itself; told now and never again */
            key: string;
            /** @description To the minute */
            last_used_at: string | null;
            name: string;
            /**
             * Format: uuid
             * @description It counts there and below
             * @example 01890a5d-ac96-774b-bcce-b302099a8057
             */
            org_node_id: string;
            /**
             * @description How it begins, after `gk_`
             * @example 7Kq0ZxT2
             */
            prefix: string;
            revoked_at: string | null;
            /** @description Whose it is; null: it is the place’s own */
            user_id: string | null;
        };
        NewClient: {
            /** @description The client_id, as the protocol has it; an address is written with percent signs in a path */
            client_id: string;
            /** @description Shown this once */
            client_secret?: string;
            /**
             * Format: date-time
             * @description A time as of RFC 3339
             * @example 2027-01-31T08:00:00Z
             */
            created_at: string;
            /** @description People are not asked for their consent */
            first_party: boolean;
            /** @enum {string} */
            kind: "web" | "spa" | "native";
            /** @description By the registered names (OpenID Connect Dynamic Client Registration 1.0 section 2) */
            metadata: {
                [key: string]: unknown;
            };
            name: string;
            /**
             * @description managed: somebody registered it; dynamic: it registered itself; document: it is known by the one at its address
             * @enum {string}
             */
            origin: "managed" | "dynamic" | "document";
            /**
             * @description What it is held to beyond the others (docs/fapi.md)
             * @enum {string}
             */
            security_profile: "none" | "fapi2" | "fapi2_message_signing";
            /** @enum {string} */
            state: "active" | "disabled";
            /** @description null: of all tenants */
            tenant_id: string | null;
            /**
             * Format: date-time
             * @description A time as of RFC 3339
             * @example 2027-01-31T08:00:00Z
             */
            updated_at: string;
        };
        NewClientSecret: {
            /** @description The client_id, as the protocol has it; an address is written with percent signs in a path */
            client_id: string;
            /** @description Shown this once */
            client_secret: string;
        };
        NewInitialAccessToken: {
            /**
             * Format: date-time
             * @description A time as of RFC 3339
             * @example 2027-01-31T08:00:00Z
             */
            created_at: string;
            created_by: string | null;
            /**
             * Format: date-time
             * @description A time as of RFC 3339
             * @example 2027-01-31T08:00:00Z
             */
            expires_at: string;
            /** @description Its last characters */
            hint: string;
            /**
             * Format: uuid
             * @description An id
             * @example 01890a5d-ac96-774b-bcce-b302099a8057
             */
            id: string;
            last_used_at: string | null;
            most_uses: number;
            name: string;
            redirect_hosts: string[];
            revoked_at: string | null;
            scopes: string[];
            /** @description The token itself; told now and never again */
            token: string;
            /** @description How many applications were registered by it */
            uses: number;
        };
        NewService: {
            /** @description What it may ask for */
            capabilities: string[];
            /** @description The client_id, as the protocol has it; an address is written with percent signs in a path */
            client_id: string;
            /** @description Shown this once */
            client_secret?: string;
            /**
             * Format: date-time
             * @description A time as of RFC 3339
             * @example 2027-01-31T08:00:00Z
             */
            created_at: string;
            /** @description By the registered names (OpenID Connect Dynamic Client Registration 1.0 section 2) */
            metadata: {
                [key: string]: unknown;
            };
            name: string;
            /** @description The API that it is: it may introspect tokens meant for it */
            resource_server_id: string | null;
            /**
             * @description What it is held to beyond the others (docs/fapi.md)
             * @enum {string}
             */
            security_profile: "none" | "fapi2" | "fapi2_message_signing";
            /** @enum {string} */
            state: "active" | "disabled";
            /** @description null: of all tenants */
            tenant_id: string | null;
            /**
             * Format: date-time
             * @description A time as of RFC 3339
             * @example 2027-01-31T08:00:00Z
             */
            updated_at: string;
        };
        NewTenant: {
            /**
             * Format: date-time
             * @description A time as of RFC 3339
             * @example 2027-01-31T08:00:00Z
             */
            created_at: string;
            /**
             * Format: uuid
             * @description An id
             * @example 01890a5d-ac96-774b-bcce-b302099a8057
             */
            id: string;
            /** @description Its owners run the server */
            is_platform: boolean;
            name: string;
            /**
             * Format: uuid
             * @description The root of its tree
             * @example 01890a5d-ac96-774b-bcce-b302099a8057
             */
            root_node_id: string;
            /**
             * @description Its short name: lower-case letters, digits and hyphens
             * @example northwind
             */
            slug: string;
            /** @enum {string} */
            state: "active" | "suspended";
            /**
             * Format: date-time
             * @description A time as of RFC 3339
             * @example 2027-01-31T08:00:00Z
             */
            updated_at: string;
        };
        NewWebhook: {
            /**
             * Format: date-time
             * @description A time as of RFC 3339
             * @example 2027-01-31T08:00:00Z
             */
            created_at: string;
            created_by: string | null;
            /** @description `failing` for three days, or `gone` by its own word (410); null: somebody did, or nobody */
            disabled_why: ("failing" | "gone") | null;
            /** @description How many were given up within a day; 1000: or more */
            failed: number;
            /** @description Since when every attempt fails */
            failing_since: string | null;
            /**
             * Format: uuid
             * @description An id
             * @example 01890a5d-ac96-774b-bcce-b302099a8057
             */
            id: string;
            name: string;
            /** @description What signs: `whsec_…`; told now and never again */
            secret: string;
            /** @description Until then the secret before signs, too */
            secret_before_until: string | null;
            /**
             * Format: date-time
             * @description A time as of RFC 3339
             * @example 2027-01-31T08:00:00Z
             */
            secret_since: string;
            /**
             * @description paused: what happens waits; disabled: it is told nothing of what happens
             * @enum {string}
             */
            state: "enabled" | "paused" | "disabled";
            /** @description None: all */
            types: string[];
            /**
             * Format: date-time
             * @description A time as of RFC 3339
             * @example 2027-01-31T08:00:00Z
             */
            updated_at: string;
            url: string;
            /** @description How many deliveries wait; 1000: or more */
            waiting: number;
        };
        OrgNode: {
            /** @description Nothing held at or below an inactive node counts */
            active: boolean;
            /**
             * Format: date-time
             * @description A time as of RFC 3339
             * @example 2027-01-31T08:00:00Z
             */
            created_at: string;
            external_id: string | null;
            /**
             * Format: uuid
             * @description An id
             * @example 01890a5d-ac96-774b-bcce-b302099a8057
             */
            id: string;
            name: string;
            /** @description null: the root */
            parent_id: string | null;
            /**
             * @description What it is
             * @example school
             */
            type: string;
            /**
             * Format: date-time
             * @description A time as of RFC 3339
             * @example 2027-01-31T08:00:00Z
             */
            updated_at: string;
        };
        OrgNodeAncestors: {
            items: components["schemas"]["OrgNode"][];
        };
        OrgNodePreview: {
            gaining: {
                people: number;
                roles: number;
            };
            /** @description There are more than 10000 changes; these are counted */
            is_cut: boolean;
            losing: {
                people: number;
                roles: number;
            };
            /** @description The first 50 */
            people: {
                email: string | null;
                full_name: string | null;
                gained: {
                    org_node: string;
                    /**
                     * Format: uuid
                     * @description Where it is held
                     * @example 01890a5d-ac96-774b-bcce-b302099a8057
                     */
                    org_node_id: string;
                    role: string;
                    /**
                     * Format: uuid
                     * @description An id
                     * @example 01890a5d-ac96-774b-bcce-b302099a8057
                     */
                    role_id: string;
                }[];
                lost: {
                    org_node: string;
                    /**
                     * Format: uuid
                     * @description Where it is held
                     * @example 01890a5d-ac96-774b-bcce-b302099a8057
                     */
                    org_node_id: string;
                    role: string;
                    /**
                     * Format: uuid
                     * @description An id
                     * @example 01890a5d-ac96-774b-bcce-b302099a8057
                     */
                    role_id: string;
                }[];
                /**
                 * Format: uuid
                 * @description An id
                 * @example 01890a5d-ac96-774b-bcce-b302099a8057
                 */
                user_id: string;
            }[];
        };
        Overview: {
            /** @description The last 30, today last; null for who may not read the audit trail of the whole tenant */
            days: {
                /**
                 * Format: date
                 * @description Of UTC
                 * @example 2027-01-31
                 */
                day: string;
                /** @description Those of channels by which any were sent or not */
                messages: {
                    /** @enum {string} */
                    channel: "email" | "sms" | "whatsapp";
                    not_sent: number;
                    sent: number;
                }[];
                new_people: number;
                refusals: number;
                /** @description The most frequent first */
                refused_because: {
                    count: number;
                    reason: string;
                }[];
                sign_ins: number;
            }[] | null;
            needs_a_look: {
                /** @description 1001: more than 1000 */
                count: number;
                /** @description The first ten */
                items: {
                    /** @description When it ends, or last failed */
                    at: string | null;
                    detail: string | null;
                    /** @description Of a person, a client, a key, an invitation, a channel */
                    id: string;
                    name: string;
                }[];
                /** @enum {string} */
                kind: "identity_provider_failing" | "messages_not_sent" | "webhook_failing" | "event_stream_failing" | "client_secret_ending" | "service_secret_ending" | "api_key_ending" | "signing_key_rotating" | "account_locked" | "role_ending" | "second_factor_missing" | "invitation_expiring";
            }[];
        };
        OwnDeletion: {
            /** @description When the account is erased; until then it can be kept */
            due_at: string | null;
            /** @description Null: nothing was asked for */
            requested_at: string | null;
        };
        Passkey: {
            /** @description Whether it has been, as of its last use */
            backed_up: boolean;
            /** @description Whether it can be synced to other devices of the person */
            backup_eligible: boolean;
            /**
             * Format: date-time
             * @description A time as of RFC 3339
             * @example 2027-01-31T08:00:00Z
             */
            created_at: string;
            /**
             * Format: uuid
             * @description An id
             * @example 01890a5d-ac96-774b-bcce-b302099a8057
             */
            id: string;
            last_used_at: string | null;
            /** @description What the person calls it */
            name: string;
            transports: string[];
        };
        ProvisioningRequests: {
            items: {
                /** @description The `client_id` of a service, or the id of an API key */
                actor_id: string;
                /** @enum {string} */
                actor_type: "client" | "api_key";
                /**
                 * Format: date-time
                 * @description A time as of RFC 3339
                 * @example 2027-01-31T08:00:00Z
                 */
                last_at: string;
                last_request_id: string | null;
                method: string;
                /** @description As SCIM names it, where it was refused for one */
                reason: string;
                requests: number;
                resource: string;
                status: number;
            }[];
        };
        Referral: {
            /** @description When it stopped being pending */
            converted_at: string | null;
            /**
             * Format: date-time
             * @description A time as of RFC 3339
             * @example 2027-01-31T08:00:00Z
             */
            created_at: string;
            /**
             * Format: uuid
             * @description An id
             * @example 01890a5d-ac96-774b-bcce-b302099a8057
             */
            id: string;
            /**
             * Format: uuid
             * @description An id
             * @example 01890a5d-ac96-774b-bcce-b302099a8057
             */
            referred_user_id: string;
            /**
             * Format: uuid
             * @description An id
             * @example 01890a5d-ac96-774b-bcce-b302099a8057
             */
            referrer_user_id: string;
            /**
             * @description `pending` until the new person signs in for the first time
             * @enum {string}
             */
            status: "pending" | "completed_signup" | "subscription_activated";
        };
        ReferralCode: {
            code: string;
            /**
             * Format: date-time
             * @description A time as of RFC 3339
             * @example 2027-01-31T08:00:00Z
             */
            created_at: string;
            expires_at: string | null;
            /**
             * Format: uuid
             * @description An id
             * @example 01890a5d-ac96-774b-bcce-b302099a8057
             */
            id: string;
            is_active: boolean;
            /**
             * Format: uuid
             * @description An id
             * @example 01890a5d-ac96-774b-bcce-b302099a8057
             */
            user_id: string;
        };
        RememberedDevice: {
            /**
             * Format: date-time
             * @description A time as of RFC 3339
             * @example 2027-01-31T08:00:00Z
             */
            created_at: string;
            /**
             * Format: date-time
             * @description A time as of RFC 3339
             * @example 2027-01-31T08:00:00Z
             */
            expires_at: string;
            /**
             * Format: uuid
             * @description An id
             * @example 01890a5d-ac96-774b-bcce-b302099a8057
             */
            id: string;
            last_used_at: string | null;
            user_agent: string | null;
        };
        ResourceServer: {
            /** @description How long an access token lives, in seconds */
            access_token_ttl: number;
            /** @description Its scopes */
            capabilities: string[];
            /**
             * Format: date-time
             * @description A time as of RFC 3339
             * @example 2027-01-31T08:00:00Z
             */
            created_at: string;
            /**
             * Format: uuid
             * @description An id
             * @example 01890a5d-ac96-774b-bcce-b302099a8057
             */
            id: string;
            /** @description An absolute URI: the `aud` of its tokens */
            identifier: string;
            /** @description The API of the server itself: fixed */
            is_system: boolean;
            name: string;
            /** @description How a person has to have signed in for a token for it: by two factors, or null: as anybody */
            required_acr: ("urn:gatehouse:acr:aal1" | "urn:gatehouse:acr:aal2") | null;
            /**
             * @description Of a JWT
             * @enum {string}
             */
            signing_alg: "ES256" | "RS256";
            /** @description Whether first-party applications get its scopes without asking the person; others never do */
            skip_consent: boolean;
            /** @description null: of all tenants */
            tenant_id: string | null;
            /** @description Whether it takes tokens that services and API keys were exchanged for (RFC 8693) */
            token_exchange: boolean;
            /**
             * @description opaque: the API introspects them
             * @enum {string}
             */
            token_format: "jwt" | "opaque";
            /**
             * Format: date-time
             * @description A time as of RFC 3339
             * @example 2027-01-31T08:00:00Z
             */
            updated_at: string;
        };
        Role: {
            /**
             * Format: date-time
             * @description A time as of RFC 3339
             * @example 2027-01-31T08:00:00Z
             */
            created_at: string;
            description: string | null;
            /**
             * Format: uuid
             * @description An id
             * @example 01890a5d-ac96-774b-bcce-b302099a8057
             */
            id: string;
            /** @description Owner, admin and member: every tenant has them */
            is_system: boolean;
            name: string;
            /**
             * Format: date-time
             * @description A time as of RFC 3339
             * @example 2027-01-31T08:00:00Z
             */
            updated_at: string;
        };
        RoleCapabilities: {
            items: string[];
        };
        SecurityProfile: {
            client_id: string;
            /** @enum {string} */
            security_profile: "none" | "fapi2" | "fapi2_message_signing";
        };
        SentRecovery: {
            /**
             * Format: date-time
             * @description A time as of RFC 3339
             * @example 2027-01-31T08:00:00Z
             */
            expires_at: string;
        };
        Service: {
            /** @description What it may ask for */
            capabilities: string[];
            /** @description The client_id, as the protocol has it; an address is written with percent signs in a path */
            client_id: string;
            /**
             * Format: date-time
             * @description A time as of RFC 3339
             * @example 2027-01-31T08:00:00Z
             */
            created_at: string;
            /** @description By the registered names (OpenID Connect Dynamic Client Registration 1.0 section 2) */
            metadata: {
                [key: string]: unknown;
            };
            name: string;
            /** @description The API that it is: it may introspect tokens meant for it */
            resource_server_id: string | null;
            /**
             * @description What it is held to beyond the others (docs/fapi.md)
             * @enum {string}
             */
            security_profile: "none" | "fapi2" | "fapi2_message_signing";
            /** @enum {string} */
            state: "active" | "disabled";
            /** @description null: of all tenants */
            tenant_id: string | null;
            /**
             * Format: date-time
             * @description A time as of RFC 3339
             * @example 2027-01-31T08:00:00Z
             */
            updated_at: string;
        };
        ServiceCapabilities: {
            items: string[];
        };
        ServiceSession: {
            client_id: string;
            /**
             * Format: date-time
             * @description A time as of RFC 3339
             * @example 2027-01-31T08:00:00Z
             */
            created_at: string;
            /**
             * Format: date-time
             * @description A time as of RFC 3339
             * @example 2027-01-31T08:00:00Z
             */
            expires_at: string;
            /**
             * Format: uuid
             * @description An id
             * @example 01890a5d-ac96-774b-bcce-b302099a8057
             */
            id: string;
            ip: string | null;
        };
        ServiceToken: {
            /**
             * Format: date-time
             * @description A time as of RFC 3339
             * @example 2027-01-31T08:00:00Z
             */
            created_at: string;
            /**
             * Format: date-time
             * @description A time as of RFC 3339
             * @example 2027-01-31T08:00:00Z
             */
            expires_at: string;
            /**
             * Format: uuid
             * @description Of the token here; it is not the token
             * @example 01890a5d-ac96-774b-bcce-b302099a8057
             */
            id: string;
            /** @description From where it was asked for */
            ip: string | null;
            /** @description The API that it is for (`aud`) */
            resource: string | null;
            /**
             * @description Separated by spaces
             * @example inventory.read
             */
            scope: string | null;
        };
        Session: {
            acr: string | null;
            /** @description How the person proved themselves (RFC 8176) */
            amr: string[];
            /** @description The applications that it led to, by client_id */
            clients: string[];
            /**
             * Format: date-time
             * @description A time as of RFC 3339
             * @example 2027-01-31T08:00:00Z
             */
            expires_at: string;
            /**
             * Format: uuid
             * @description An id
             * @example 01890a5d-ac96-774b-bcce-b302099a8057
             */
            id: string;
            ip: string | null;
            /**
             * Format: date-time
             * @description A time as of RFC 3339
             * @example 2027-01-31T08:00:00Z
             */
            last_seen_at: string;
            /**
             * Format: date-time
             * @description A time as of RFC 3339
             * @example 2027-01-31T08:00:00Z
             */
            login_at: string;
            user_agent: string | null;
            /**
             * Format: uuid
             * @description An id
             * @example 01890a5d-ac96-774b-bcce-b302099a8057
             */
            user_id: string;
        };
        ShownAuditEvent: {
            /** @example role.assigned */
            action: string;
            /** @description The id of a person, the client_id of a service */
            actor_id: string | null;
            /** @description As it is now; null: it is not known any more */
            actor_name: string | null;
            /** @enum {string} */
            actor_type: "user" | "client" | "api_key" | "system";
            entity_id: string | null;
            /** @description Of what a person holds or was sent: who that is */
            entity_name: string | null;
            entity_type: string | null;
            /**
             * Format: uuid
             * @description An id
             * @example 01890a5d-ac96-774b-bcce-b302099a8057
             */
            id: string;
            ip: string | null;
            /** @description What the ids in the payload are called now, by id, as far as it is known */
            names: {
                [key: string]: string;
            };
            /**
             * Format: date-time
             * @description A time as of RFC 3339
             * @example 2027-01-31T08:00:00Z
             */
            occurred_at: string;
            /** @description What was changed; `cause` names the operation that did it */
            payload: {
                [key: string]: unknown;
            };
            request_id: string | null;
            /** @description What the event is sealed in; null: it is not sealed yet */
            seal: {
                /**
                 * Format: date-time
                 * @description A time as of RFC 3339
                 * @example 2027-01-31T08:00:00Z
                 */
                ends_at: string;
                /**
                 * Format: uuid
                 * @description An id
                 * @example 01890a5d-ac96-774b-bcce-b302099a8057
                 */
                id: string;
                /** @description Its own hour was sealed already when it came */
                is_late: boolean;
                number: number;
                /**
                 * Format: date-time
                 * @description A time as of RFC 3339
                 * @example 2027-01-31T08:00:00Z
                 */
                sealed_at: string;
                /**
                 * Format: date-time
                 * @description A time as of RFC 3339
                 * @example 2027-01-31T08:00:00Z
                 */
                starts_at: string;
            } | null;
            /** @description null: an event of the server itself */
            tenant_id: string | null;
            user_agent: string | null;
        };
        SignInChecks: {
            /** @description By at least one way, as things stand */
            can_sign_in: boolean;
            /** @description Of every way */
            checks: {
                passes: boolean;
                /**
                 * @description What it would refuse with: the `reason` of `login.failed` in the trail
                 * @example no_password_set
                 */
                refusal: string;
                /** @description Where time alone heals it: in how many seconds */
                seconds: number | null;
            }[];
            ways: {
                /** @description `password`, the channel of a code, or the key of an identity provider */
                by: string;
                checks: {
                    passes: boolean;
                    /**
                     * @description What it would refuse with: the `reason` of `login.failed` in the trail
                     * @example no_password_set
                     */
                    refusal: string;
                    /** @description Where time alone heals it: in how many seconds */
                    seconds: number | null;
                }[];
                /** @description `password`, `otp` or `federation` */
                method: string;
                open: boolean;
            }[];
        };
        SigningKeys: {
            items: {
                /**
                 * Format: date-time
                 * @description Since when it signs; of the next one of no account
                 * @example 2027-01-31T08:00:00Z
                 */
                activates_at: string;
                /** @enum {string} */
                alg: "RS256" | "ES256";
                /**
                 * Format: date-time
                 * @description A time as of RFC 3339
                 * @example 2027-01-31T08:00:00Z
                 */
                created_at: string;
                kid: string;
                retires_at: string | null;
                /** @enum {string} */
                state: "next" | "current" | "retired";
                /** @description How long a retired one stays published */
                verifies_until: string | null;
            }[];
        };
        SignInMethods: {
            items: {
                /** @description false: a provider that is disabled */
                is_active: boolean;
                /**
                 * @description As `sign_in_methods` names it
                 * @example password
                 */
                method: string;
                /** @description The name of a provider; null: a way of our own */
                provider: string | null;
            }[];
        };
        Tenant: {
            /**
             * Format: date-time
             * @description A time as of RFC 3339
             * @example 2027-01-31T08:00:00Z
             */
            created_at: string;
            /**
             * Format: uuid
             * @description An id
             * @example 01890a5d-ac96-774b-bcce-b302099a8057
             */
            id: string;
            /** @description Its owners run the server */
            is_platform: boolean;
            name: string;
            /**
             * @description Its short name: lower-case letters, digits and hyphens
             * @example northwind
             */
            slug: string;
            /** @enum {string} */
            state: "active" | "suspended";
            /**
             * Format: date-time
             * @description A time as of RFC 3339
             * @example 2027-01-31T08:00:00Z
             */
            updated_at: string;
        };
        TenantSettings: {
            address_limits: {
                /** @description Codes and links from one address in an hour that nobody used; null: as the server, which is also the highest */
                codes: number | null;
                /** @description Wrong passwords from one address in ten minutes; null: as the server, which is also the highest */
                sign_in_failures: number | null;
                /** @description Networks such as a school’s, where nobody is limited by address: `203.0.113.0/24` */
                trusted_networks: string[];
            };
            /** @description How long audit events are kept; null: as the server */
            audit_retention_days: number | null;
            branding: {
                /** @description Such as `#1f6f6b` */
                accent_color: string | null;
                /** @description By https */
                logo_url: string | null;
                /** @description By https, or `mailto:` and an address; null: as the server */
                support_url: string | null;
            };
            /** @description Where these documents may be; empty: at any host */
            client_document_hosts: string[];
            /** @description Whether people may let in applications that are known by the https address of a document about them */
            client_documents: boolean;
            /** @description Whether applications may register themselves by an initial access token (RFC 7591) */
            client_registration: boolean;
            /** @description The ways that one-time codes go */
            code_channels: ("email" | "sms" | "whatsapp")[];
            /** @description Where messages to phones may go, as of ISO 3166-1 alpha-2 */
            country_list: string[];
            /** @description Messages to phones a day; null: as the server */
            daily_phone_messages: number | null;
            /** @description How long a reset of a second factor waits */
            factor_reset_hours: number;
            federation: {
                [key: string]: {
                    /** @description Accounts of this organisation alone; null: any */
                    required_hosted_domain: string | null;
                    /** @description Their addresses link an account by the word of the provider */
                    trusted_email_domains: string[];
                };
            };
            /** @description After how many days people who are deactivated are erased; null: never by themselves */
            inactive_erasure_days: number | null;
            /** @description Whether people are told by mail of a sign-in from a browser that is new to them */
            new_device_notices: boolean;
            /** @description Whether people are offered a passkey after a sign-in by something else, once */
            passkey_offer: boolean;
            /** @description How long a browser may be remembered, where the second factor is not asked for; 0: not at all */
            remembered_device_days: number;
            /** @description The ways by which a code that is sent counts as a second factor of people who have enrolled nothing */
            second_factor_channels: ("email" | "sms" | "whatsapp")[];
            /**
             * @description Of whom a second factor is asked; `administrators`: owners and admins
             * @enum {string}
             */
            second_factor_for: "nobody" | "administrators" | "everyone";
            /** @description How long people may put off enrolling one */
            second_factor_grace_days: number;
            /** @description How long people who delete their own account may keep it; null: they may not delete it */
            self_deletion_days: number | null;
            /** @description Whether anybody may make an account */
            self_sign_up: boolean;
            /** @description How long a sign-in lasts; null: as the server */
            session_hours: number | null;
            /** @description `password`, `otp`, or the key of an identity provider */
            sign_in_methods: string[];
            /** @description Where self sign-up takes addresses from; empty: any domain */
            sign_up_email_domains: string[];
            /** @description Whether people may sign in by a username, too */
            usernames: boolean;
        };
        TokenPreview: {
            /** @description For the API; of an opaque one the claims are what introspection answers */
            access_token: {
                /** @description Of the token as it is sent; of userinfo that is not signed: of the JSON */
                bytes: number;
                claims: {
                    [key: string]: unknown;
                };
                /** @enum {string} */
                format: "jwt" | "opaque";
            } | null;
            id_token: {
                /** @description Of the token as it is sent; of userinfo that is not signed: of the JSON */
                bytes: number;
                claims: {
                    [key: string]: unknown;
                };
            } | null;
            /** @description Why there would be no token, as the token endpoint says it (RFC 6749 section 5.2) */
            refused: {
                error: string;
                error_description: string | null;
            } | null;
            /** @description What would be granted of the scopes that were asked for */
            scopes: string[];
            userinfo: {
                /** @description Of the token as it is sent; of userinfo that is not signed: of the JSON */
                bytes: number;
                claims: {
                    [key: string]: unknown;
                };
            } | null;
        };
        UnsentMessage: {
            channel: string | null;
            /**
             * Format: uuid
             * @description An id
             * @example 01890a5d-ac96-774b-bcce-b302099a8057
             */
            id: string;
            /**
             * Format: date-time
             * @description A time as of RFC 3339
             * @example 2027-01-31T08:00:00Z
             */
            occurred_at: string;
            /**
             * @description Why it did not go
             * @example budget_used_up
             */
            reason: string;
            /**
             * @description What it was
             * @example invitation
             */
            template: string | null;
        };
        User: {
            /**
             * Format: date-time
             * @description A time as of RFC 3339
             * @example 2027-01-31T08:00:00Z
             */
            created_at: string;
            email: string | null;
            email_verified: boolean;
            external_id: string | null;
            family_name: string | null;
            full_name: string | null;
            given_name: string | null;
            /**
             * Format: uuid
             * @description An id
             * @example 01890a5d-ac96-774b-bcce-b302099a8057
             */
            id: string;
            last_login_at: string | null;
            metadata: {
                [key: string]: unknown;
            };
            /** @description Whether a second factor is enrolled */
            mfa_enabled: boolean;
            mfa_required: boolean;
            /** @description Null: they have no password */
            password_changed_at: string | null;
            phone: string | null;
            phone_verified: boolean;
            picture_url: string | null;
            /** @enum {string} */
            state: "active" | "inactive";
            /**
             * Format: date-time
             * @description A time as of RFC 3339
             * @example 2027-01-31T08:00:00Z
             */
            updated_at: string;
            username: string | null;
        };
        UserSettings: {
            locale: string | null;
            notify_by_email: boolean;
            notify_in_app: boolean;
            /** @enum {string} */
            theme: "light" | "dark" | "system";
            zoneinfo: string | null;
        };
        VisibilityGrant: {
            /** @enum {string} */
            access_scope: "read" | "analyze";
            /**
             * Format: date-time
             * @description A time as of RFC 3339
             * @example 2027-01-31T08:00:00Z
             */
            created_at: string;
            ends_at: string | null;
            granted_by: string | null;
            /**
             * Format: uuid
             * @description An id
             * @example 01890a5d-ac96-774b-bcce-b302099a8057
             */
            id: string;
            /**
             * Format: uuid
             * @description An id
             * @example 01890a5d-ac96-774b-bcce-b302099a8057
             */
            org_node_id: string;
            /**
             * Format: date-time
             * @description A time as of RFC 3339
             * @example 2027-01-31T08:00:00Z
             */
            starts_at: string;
            /**
             * Format: uuid
             * @description An id
             * @example 01890a5d-ac96-774b-bcce-b302099a8057
             */
            user_id: string;
        };
        Webhook: {
            /**
             * Format: date-time
             * @description A time as of RFC 3339
             * @example 2027-01-31T08:00:00Z
             */
            created_at: string;
            created_by: string | null;
            /** @description `failing` for three days, or `gone` by its own word (410); null: somebody did, or nobody */
            disabled_why: ("failing" | "gone") | null;
            /** @description How many were given up within a day; 1000: or more */
            failed: number;
            /** @description Since when every attempt fails */
            failing_since: string | null;
            /**
             * Format: uuid
             * @description An id
             * @example 01890a5d-ac96-774b-bcce-b302099a8057
             */
            id: string;
            name: string;
            /** @description Until then the secret before signs, too */
            secret_before_until: string | null;
            /**
             * Format: date-time
             * @description A time as of RFC 3339
             * @example 2027-01-31T08:00:00Z
             */
            secret_since: string;
            /**
             * @description paused: what happens waits; disabled: it is told nothing of what happens
             * @enum {string}
             */
            state: "enabled" | "paused" | "disabled";
            /** @description None: all */
            types: string[];
            /**
             * Format: date-time
             * @description A time as of RFC 3339
             * @example 2027-01-31T08:00:00Z
             */
            updated_at: string;
            url: string;
            /** @description How many deliveries wait; 1000: or more */
            waiting: number;
        };
        WebhookDelivery: {
            attempted_at: string | null;
            attempts: number;
            /** @description As it is sent */
            body: {
                [key: string]: unknown;
            };
            /**
             * Format: date-time
             * @description A time as of RFC 3339
             * @example 2027-01-31T08:00:00Z
             */
            created_at: string;
            /**
             * Format: uuid
             * @description What `webhook-id` says, however often it is sent
             * @example 01890a5d-ac96-774b-bcce-b302099a8057
             */
            event_id: string;
            /**
             * Format: uuid
             * @description An id
             * @example 01890a5d-ac96-774b-bcce-b302099a8057
             */
            id: string;
            /** @description When it is tried next, if it was tried before */
            next_at: string | null;
            /**
             * Format: date-time
             * @description A time as of RFC 3339
             * @example 2027-01-31T08:00:00Z
             */
            occurred_at: string;
            /** @description Why the last attempt failed: `status`, `redirect`, `timeout`, `unreachable`, `address_refused`, `answer_too_large`, `secret_lost`; `disabled`: it was given up with the webhook */
            reason: string | null;
            /** @enum {string} */
            state: "waiting" | "delivered" | "failed";
            /** @description Of the last answer */
            status: number | null;
            /** @description What it is about, `user:<id>`: of one subject, one after another */
            subject: string;
            /** @enum {string} */
            type: "session.ended" | "sessions.ended" | "credential.changed" | "user.created" | "user.updated" | "user.activated" | "user.deactivated" | "user.deleted" | "user.erased" | "invitation.accepted" | "consent.withdrawn" | "role.assigned" | "role.begun" | "role.rescheduled" | "role.ended" | "visibility.granted" | "visibility.begun" | "visibility.rescheduled" | "visibility.ended" | "role.changed" | "role.deleted" | "org_node.moved" | "org_node.activated" | "org_node.deactivated" | "org_node.deleted" | "api_key.ended" | "tenant.activated" | "tenant.suspended" | "tenant.moved" | "verification" | "stream.updated" | "ping";
        };
        WorkloadIdentities: {
            items: components["schemas"]["WorkloadIdentity"][];
        };
        WorkloadIdentity: {
            /** @description The only audience of the tokens */
            audience: string;
            /**
             * Format: date-time
             * @description A time as of RFC 3339
             * @example 2027-01-31T08:00:00Z
             */
            created_at: string;
            /**
             * Format: uuid
             * @description An id
             * @example 01890a5d-ac96-774b-bcce-b302099a8057
             */
            id: string;
            /** @description As the tokens have it, letter by letter */
            issuer: string;
            jwks_uri: string | null;
            last_used_at: string | null;
            single_use: boolean;
            /** @description A subject, letter by letter; `*` stands for one whole segment between `:` and `/`, from the third on */
            subject: string;
        };
    };
    responses: {
        /** @description The request is malformed */
        BadRequest: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Failure"];
            };
        };
        /** @description It conflicts with what is there */
        Conflict: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Failure"];
            };
        };
        /** @description A capability is missing */
        Forbidden: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Failure"];
            };
        };
        /** @description There is no such thing, or it is out of reach */
        NotFound: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Failure"];
            };
        };
        /** @description It has changed since it was read */
        PreconditionFailed: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Failure"];
            };
        };
        /** @description If-Match is missing */
        PreconditionRequired: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Failure"];
            };
        };
        /** @description Not available for the moment */
        ServiceUnavailable: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Failure"];
            };
        };
        /** @description Too many requests */
        TooManyRequests: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Failure"];
            };
        };
        /** @description No valid access token, or an authentication that is too old */
        Unauthorized: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Failure"];
            };
        };
        /** @description A field is wrong */
        UnprocessableEntity: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Failure"];
            };
        };
    };
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    "api_keys.list": {
        parameters: {
            query?: {
                /** @description The `next` of the page before */
                after?: string;
                /** @description How many at the most */
                limit?: number;
                /** @description An id */
                org_node_id?: string;
                /** @description State */
                state?: "live" | "inactive" | "ended";
                /** @description Another tenant than your own */
                tenant?: string;
                /** @description At this node or below it */
                under?: string;
                /** @description An id */
                user_id?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["ApiKey"][];
                        next: string | null;
                    };
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "api_keys.create": {
        parameters: {
            query?: {
                /** @description Say what would happen */
                dry_run?: boolean;
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: {
                /** @description The same key gets the same answer for 24 hours */
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @description What it is good for. A person’s key never counts for more than the person holds at that moment */
                    capabilities: string[];
                    /**
                     * Format: date-time
                     * @description At the most 366 days from now
                     * @example 2027-01-31T08:00:00Z
                     */
                    expires_at?: string;
                    name: string;
                    /**
                     * Format: uuid
                     * @description It counts there and below
                     * @example 01890a5d-ac96-774b-bcce-b302099a8057
                     */
                    org_node_id: string;
                    /** @description Your own id, for a key that acts as you; else it is the place’s own */
                    user_id?: string | null;
                };
            };
        };
        responses: {
            /** @description Made */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NewApiKey"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "api_keys.get": {
        parameters: {
            query?: {
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: never;
            path: {
                /** @description An id */
                api_key_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ApiKey"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "api_keys.revoke": {
        parameters: {
            query?: {
                /** @description Say what would happen */
                dry_run?: boolean;
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: never;
            path: {
                /** @description An id */
                api_key_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "api_keys.update": {
        parameters: {
            query?: {
                /** @description Say what would happen */
                dry_run?: boolean;
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: {
                /** @description The ETag that you have seen */
                "If-Match"?: string;
            };
            path: {
                /** @description An id */
                api_key_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @description false: it does not count for now */
                    active?: boolean;
                    /** @description What it is good for. A person’s key never counts for more than the person holds at that moment */
                    capabilities?: string[];
                    /**
                     * Format: date-time
                     * @description At the most 366 days from now
                     * @example 2027-01-31T08:00:00Z
                     */
                    expires_at?: string;
                    name?: string;
                };
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ApiKey"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            412: components["responses"]["PreconditionFailed"];
            422: components["responses"]["UnprocessableEntity"];
            428: components["responses"]["PreconditionRequired"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "assignments.list": {
        parameters: {
            query?: {
                /** @description The `next` of the page before */
                after?: string;
                /** @description How many at the most */
                limit?: number;
                /** @description An id */
                org_node_id?: string;
                /** @description An id */
                role_id?: string;
                /** @description State */
                state?: "live" | "coming" | "ended";
                /** @description Another tenant than your own */
                tenant?: string;
                /** @description An id */
                user_id?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["ListedAssignment"][];
                        next: string | null;
                    };
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "assignments.create": {
        parameters: {
            query?: {
                /** @description Say what would happen */
                dry_run?: boolean;
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: {
                /** @description The same key gets the same answer for 24 hours */
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @description The first moment at which it no longer holds; absent: until further notice */
                    ends_at?: string | null;
                    /**
                     * Format: uuid
                     * @description An id
                     * @example 01890a5d-ac96-774b-bcce-b302099a8057
                     */
                    org_node_id: string;
                    /**
                     * Format: uuid
                     * @description An id
                     * @example 01890a5d-ac96-774b-bcce-b302099a8057
                     */
                    role_id: string;
                    /**
                     * Format: date-time
                     * @description Default: now
                     * @example 2027-01-31T08:00:00Z
                     */
                    starts_at?: string;
                    /**
                     * Format: uuid
                     * @description An id
                     * @example 01890a5d-ac96-774b-bcce-b302099a8057
                     */
                    user_id: string;
                };
            };
        };
        responses: {
            /** @description Made */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Assignment"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "assignments.get": {
        parameters: {
            query?: {
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: never;
            path: {
                /** @description An id */
                assignment_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Assignment"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "assignments.update": {
        parameters: {
            query?: {
                /** @description Say what would happen */
                dry_run?: boolean;
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: {
                /** @description The ETag that you have seen */
                "If-Match"?: string;
            };
            path: {
                /** @description An id */
                assignment_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @description The first moment at which it no longer holds; absent: until further notice */
                    ends_at?: string | null;
                    /**
                     * Format: date-time
                     * @description Default: now
                     * @example 2027-01-31T08:00:00Z
                     */
                    starts_at?: string;
                };
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Assignment"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            412: components["responses"]["PreconditionFailed"];
            422: components["responses"]["UnprocessableEntity"];
            428: components["responses"]["PreconditionRequired"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "assignments.end": {
        parameters: {
            query?: {
                /** @description Say what would happen */
                dry_run?: boolean;
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: never;
            path: {
                /** @description An id */
                assignment_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /**
                     * Format: date-time
                     * @description A time as of RFC 3339
                     * @example 2027-01-31T08:00:00Z
                     */
                    ends_at?: string;
                };
            };
        };
        responses: {
            /** @description Done */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "audit_events.list": {
        parameters: {
            query?: {
                /** @description An action, its beginning up to a dot (`role.`), or its counterpart (`ROLE_ASSIGNED`) */
                action?: string;
                /** @description Who did it */
                actor_id?: string;
                /** @description Actor type */
                actor_type?: "user" | "client" | "api_key" | "system";
                /** @description The `next` of the page before */
                after?: string;
                /** @description What this client did, and what was done to it */
                client_id?: string;
                /** @description To what it was done */
                entity_id?: string;
                /** @description Entity type */
                entity_type?: string;
                /** @description From this moment on */
                from?: string;
                /** @description How many at the most */
                limit?: number;
                /** @description By which request: what a page of errors shows */
                request_id?: string;
                /** @description Another tenant than your own */
                tenant?: string;
                /** @description Before this moment */
                until?: string;
                /** @description What this person did, and what was done to them */
                user_id?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["AuditEvent"][];
                        next: string | null;
                    };
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "audit_events.get": {
        parameters: {
            query?: {
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: never;
            path: {
                /** @description An id */
                audit_event_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ShownAuditEvent"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "audit_events.proof": {
        parameters: {
            query?: {
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: never;
            path: {
                /** @description An id */
                audit_event_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AuditProof"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "audit_events.export": {
        parameters: {
            query?: {
                /** @description Say what would happen */
                dry_run?: boolean;
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /**
                     * @description An action, its beginning up to a dot (`role.`), or its counterpart (`ROLE_ASSIGNED`)
                     * @example role.assigned
                     */
                    action?: string;
                    /** @description Who did it */
                    actor_id?: string;
                    /** @enum {string} */
                    actor_type?: "user" | "client" | "api_key" | "system";
                    /** @description What this client did, and what was done to it */
                    client_id?: string;
                    /** @description To what it was done */
                    entity_id?: string;
                    entity_type?: string;
                    /**
                     * @default ndjson
                     * @enum {string}
                     */
                    format?: "ndjson" | "csv";
                    /**
                     * Format: date-time
                     * @description From this moment on
                     * @example 2027-01-31T08:00:00Z
                     */
                    from?: string;
                    /** @description By which request: what a page of errors shows */
                    request_id?: string;
                    /**
                     * Format: date-time
                     * @description Before this moment
                     * @example 2027-01-31T08:00:00Z
                     */
                    until?: string;
                    /**
                     * Format: uuid
                     * @description What this person did, and what was done to them
                     * @example 01890a5d-ac96-774b-bcce-b302099a8057
                     */
                    user_id?: string;
                };
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/x-ndjson": components["schemas"]["AuditEvent"];
                    "text/csv": string;
                };
            };
            /** @description Nothing is told in a dry run */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "audit_events.list_server": {
        parameters: {
            query?: {
                /** @description An action, its beginning up to a dot (`role.`), or its counterpart (`ROLE_ASSIGNED`) */
                action?: string;
                /** @description Who did it */
                actor_id?: string;
                /** @description Actor type */
                actor_type?: "user" | "client" | "api_key" | "system";
                /** @description The `next` of the page before */
                after?: string;
                /** @description What this client did, and what was done to it */
                client_id?: string;
                /** @description To what it was done */
                entity_id?: string;
                /** @description Entity type */
                entity_type?: string;
                /** @description From this moment on */
                from?: string;
                /** @description How many at the most */
                limit?: number;
                /** @description By which request: what a page of errors shows */
                request_id?: string;
                /** @description Another tenant than your own */
                tenant?: string;
                /** @description Before this moment */
                until?: string;
                /** @description What this person did, and what was done to them */
                user_id?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["AuditEvent"][];
                        next: string | null;
                    };
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "audit_events.tail": {
        parameters: {
            query?: {
                /** @description An action, its beginning up to a dot (`role.`), or its counterpart (`ROLE_ASSIGNED`) */
                action?: string;
                /** @description Who did it */
                actor_id?: string;
                /** @description Actor type */
                actor_type?: "user" | "client" | "api_key" | "system";
                /** @description What this client did, and what was done to it */
                client_id?: string;
                /** @description To what it was done */
                entity_id?: string;
                /** @description Entity type */
                entity_type?: string;
                /** @description From this moment on */
                from?: string;
                /** @description As the header of this name: go on after this event */
                last_event_id?: string;
                /** @description By which request: what a page of errors shows */
                request_id?: string;
                /** @description For how long at the most */
                seconds?: number;
                /** @description Another tenant than your own */
                tenant?: string;
                /** @description Before this moment */
                until?: string;
                /** @description What this person did, and what was done to them */
                user_id?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/event-stream": components["schemas"]["AuditEvent"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "audit_seals.list": {
        parameters: {
            query?: {
                /** @description The `next` of the page before */
                after?: string;
                /** @description How many at the most */
                limit?: number;
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["AuditSeal"][];
                        next: string | null;
                    };
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "audit_seals.get": {
        parameters: {
            query?: {
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: never;
            path: {
                /** @description An id */
                audit_seal_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AuditSeal"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "audit_seals.keys": {
        parameters: {
            query?: {
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AuditSealKeys"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "audit_seals.rotate_key": {
        parameters: {
            query?: {
                /** @description Say what would happen */
                dry_run?: boolean;
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": Record<string, never>;
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AuditSealKeys"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "audit_seals.list_server": {
        parameters: {
            query?: {
                /** @description The `next` of the page before */
                after?: string;
                /** @description How many at the most */
                limit?: number;
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["AuditSeal"][];
                        next: string | null;
                    };
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "audit_seals.state": {
        parameters: {
            query?: {
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AuditSealState"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "assignments.bulk_create": {
        parameters: {
            query?: {
                /** @description Say what would happen */
                dry_run?: boolean;
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: {
                /** @description The same key gets the same answer for 24 hours */
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    items: unknown[];
                };
            };
        };
        responses: {
            /** @description Made */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BulkResults"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "assignments.bulk_update": {
        parameters: {
            query?: {
                /** @description Say what would happen */
                dry_run?: boolean;
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: {
                /** @description The same key gets the same answer for 24 hours */
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    items: unknown[];
                };
            };
        };
        responses: {
            /** @description Made */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BulkResults"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "invitations.bulk_create": {
        parameters: {
            query?: {
                /** @description Say what would happen */
                dry_run?: boolean;
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: {
                /** @description The same key gets the same answer for 24 hours */
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    items: unknown[];
                };
            };
        };
        responses: {
            /** @description Made */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BulkResults"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "org_nodes.bulk_create": {
        parameters: {
            query?: {
                /** @description Say what would happen */
                dry_run?: boolean;
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: {
                /** @description The same key gets the same answer for 24 hours */
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    items: unknown[];
                };
            };
        };
        responses: {
            /** @description Made */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BulkResults"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "org_nodes.bulk_update": {
        parameters: {
            query?: {
                /** @description Say what would happen */
                dry_run?: boolean;
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: {
                /** @description The same key gets the same answer for 24 hours */
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    items: unknown[];
                };
            };
        };
        responses: {
            /** @description Made */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BulkResults"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "users.bulk_create": {
        parameters: {
            query?: {
                /** @description Say what would happen */
                dry_run?: boolean;
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: {
                /** @description The same key gets the same answer for 24 hours */
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    items: unknown[];
                };
            };
        };
        responses: {
            /** @description Made */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BulkResults"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "users.bulk_update": {
        parameters: {
            query?: {
                /** @description Say what would happen */
                dry_run?: boolean;
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: {
                /** @description The same key gets the same answer for 24 hours */
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    items: unknown[];
                };
            };
        };
        responses: {
            /** @description Made */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BulkResults"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "visibility_grants.bulk_create": {
        parameters: {
            query?: {
                /** @description Say what would happen */
                dry_run?: boolean;
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: {
                /** @description The same key gets the same answer for 24 hours */
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    items: unknown[];
                };
            };
        };
        responses: {
            /** @description Made */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BulkResults"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "capabilities.list": {
        parameters: {
            query?: {
                /** @description The `next` of the page before */
                after?: string;
                /** @description How many at the most */
                limit?: number;
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["ListedCapability"][];
                        next: string | null;
                    };
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "capabilities.get": {
        parameters: {
            query?: {
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: never;
            path: {
                /** @description The key of a capability */
                capability: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Capability"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "capabilities.define": {
        parameters: {
            query?: {
                /** @description Say what would happen */
                dry_run?: boolean;
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: never;
            path: {
                /** @description The key of a capability */
                capability: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @example read */
                    action?: string | null;
                    action_properties?: {
                        [key: string]: string | number | boolean;
                    } | null;
                    description?: string | null;
                    module?: string | null;
                    resource_server_id?: string | null;
                };
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Capability"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "capabilities.delete": {
        parameters: {
            query?: {
                /** @description Say what would happen */
                dry_run?: boolean;
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: never;
            path: {
                /** @description The key of a capability */
                capability: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "capabilities.move": {
        parameters: {
            query?: {
                /** @description Say what would happen */
                dry_run?: boolean;
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: never;
            path: {
                /** @description The key of a capability */
                capability: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @description null: of none */
                    resource_server_id: string | null;
                };
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MovedCapability"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "clients.list": {
        parameters: {
            query?: {
                /** @description The `next` of the page before */
                after?: string;
                /** @description Kind */
                kind?: "web" | "spa" | "native";
                /** @description How many at the most */
                limit?: number;
                /** @description first: people are not asked for their consent */
                party?: "first" | "third";
                /** @description A part of the name or of the client_id */
                q?: string;
                /** @description Default: created_at */
                sort?: "created_at" | "name";
                /** @description State */
                state?: "active" | "disabled";
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["ListedClient"][];
                        next: string | null;
                    };
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "clients.create": {
        parameters: {
            query?: {
                /** @description Say what would happen */
                dry_run?: boolean;
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: {
                /** @description The same key gets the same answer for 24 hours */
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @description It acts for people while they are away, such as an AI assistant: they are told, and choose for how long */
                    agent?: boolean;
                    /** @description It serves the people of all tenants */
                    all_tenants?: boolean;
                    /** @description It may ask people for their approval without a browser (CIBA), and polls for what they answer */
                    ciba?: boolean;
                    /** @description Claims under names of its own, in the id_token and at userinfo */
                    claim_mapping?: {
                        [key: string]: {
                            /** @enum {string} */
                            from: "sub" | "name" | "given_name" | "family_name" | "preferred_username" | "picture" | "locale" | "zoneinfo" | "email" | "phone_number" | "tenant" | "roles" | "capabilities" | "places";
                        } | {
                            value: string | number | boolean | string[];
                        } | null;
                    };
                    /** @description The client_id, as the protocol has it; an address is written with percent signs in a path */
                    client_id?: string;
                    /** @description How long a person’s consent lasts at the most; of an agent 90 if nothing is said */
                    consent_days?: number;
                    /** @description The identifier of the API that its tokens are for where a request names none (`resource`); null: none */
                    default_resource?: string | null;
                    /** @description It is of those who run the server: people are not asked for their consent */
                    first_party?: boolean;
                    /**
                     * @description Whether claims are in the id_token too (all), or at userinfo alone (lean)
                     * @enum {string}
                     */
                    id_token_claims?: "all" | "lean";
                    /**
                     * @description web has a server and keeps a secret; spa and native keep none
                     * @enum {string}
                     */
                    kind: "web" | "spa" | "native";
                    metadata?: {
                        [key: string]: unknown;
                    };
                    /** @description What people read when they are asked to sign in */
                    name: string;
                    post_logout_redirect_uris?: string[];
                    redirect_uris?: string[];
                    /**
                     * @description fapi2: FAPI 2.0 Security Profile; fapi2_message_signing: signed requests and responses as well; none
                     * @enum {string}
                     */
                    security_profile?: "none" | "fapi2" | "fapi2_message_signing";
                };
            };
        };
        responses: {
            /** @description Made */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NewClient"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "clients.get": {
        parameters: {
            query?: {
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: never;
            path: {
                /** @description The client_id, as the protocol has it; an address is written with percent signs in a path */
                client_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Client"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "clients.delete": {
        parameters: {
            query?: {
                /** @description Say what would happen */
                dry_run?: boolean;
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: never;
            path: {
                /** @description The client_id, as the protocol has it; an address is written with percent signs in a path */
                client_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "clients.update": {
        parameters: {
            query?: {
                /** @description Say what would happen */
                dry_run?: boolean;
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header: {
                /** @description The ETag that you have seen */
                "If-Match": string;
            };
            path: {
                /** @description The client_id, as the protocol has it; an address is written with percent signs in a path */
                client_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @description It acts for people while they are away, such as an AI assistant: they are told, and choose for how long */
                    agent?: boolean;
                    /** @description It may ask people for their approval without a browser (CIBA), and polls for what they answer */
                    ciba?: boolean;
                    /** @description Claims under names of its own, in the id_token and at userinfo */
                    claim_mapping?: {
                        [key: string]: {
                            /** @enum {string} */
                            from: "sub" | "name" | "given_name" | "family_name" | "preferred_username" | "picture" | "locale" | "zoneinfo" | "email" | "phone_number" | "tenant" | "roles" | "capabilities" | "places";
                        } | {
                            value: string | number | boolean | string[];
                        } | null;
                    };
                    /** @description How long a person’s consent lasts at the most; of an agent 90 if nothing is said */
                    consent_days?: number;
                    /** @description The identifier of the API that its tokens are for where a request names none (`resource`); null: none */
                    default_resource?: string | null;
                    first_party?: boolean;
                    /**
                     * @description Whether claims are in the id_token too (all), or at userinfo alone (lean)
                     * @enum {string}
                     */
                    id_token_claims?: "all" | "lean";
                    metadata?: {
                        [key: string]: unknown;
                    };
                    /** @description What people read when they are asked to sign in */
                    name?: string;
                    post_logout_redirect_uris?: string[];
                    redirect_uris?: string[];
                };
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Client"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            412: components["responses"]["PreconditionFailed"];
            422: components["responses"]["UnprocessableEntity"];
            428: components["responses"]["PreconditionRequired"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "clients.cross_app.list": {
        parameters: {
            query?: {
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: never;
            path: {
                /** @description The client_id, as the protocol has it; an address is written with percent signs in a path */
                client_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CrossAppAudiences"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "clients.cross_app.add": {
        parameters: {
            query?: {
                /** @description Say what would happen */
                dry_run?: boolean;
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: {
                /** @description The same key gets the same answer for 24 hours */
                "Idempotency-Key"?: string;
            };
            path: {
                /** @description The client_id, as the protocol has it; an address is written with percent signs in a path */
                client_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @description The issuer of the other server, letter by letter */
                    audience: string;
                    /** @description The `client_id` of the application there */
                    audience_client_id: string;
                    /** @description What it may ask for there at the most */
                    scopes: string[];
                };
            };
        };
        responses: {
            /** @description Made */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CrossAppAudience"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "clients.cross_app.remove": {
        parameters: {
            query?: {
                /** @description Say what would happen */
                dry_run?: boolean;
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: never;
            path: {
                /** @description The client_id, as the protocol has it; an address is written with percent signs in a path */
                client_id: string;
                /** @description An id */
                cross_app_audience_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "clients.disable": {
        parameters: {
            query?: {
                /** @description Say what would happen */
                dry_run?: boolean;
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: never;
            path: {
                /** @description The client_id, as the protocol has it; an address is written with percent signs in a path */
                client_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Client"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "clients.effects": {
        parameters: {
            query?: {
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: never;
            path: {
                /** @description The client_id, as the protocol has it; an address is written with percent signs in a path */
                client_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Effects"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "clients.enable": {
        parameters: {
            query?: {
                /** @description Say what would happen */
                dry_run?: boolean;
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: never;
            path: {
                /** @description The client_id, as the protocol has it; an address is written with percent signs in a path */
                client_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Client"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "clients.refusals": {
        parameters: {
            query?: {
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: never;
            path: {
                /** @description The client_id, as the protocol has it; an address is written with percent signs in a path */
                client_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ClientRefusals"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "clients.secrets.list": {
        parameters: {
            query?: {
                /** @description The `next` of the page before */
                after?: string;
                /** @description How many at the most */
                limit?: number;
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: never;
            path: {
                /** @description The client_id, as the protocol has it; an address is written with percent signs in a path */
                client_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["ClientSecret"][];
                        next: string | null;
                    };
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "clients.rotate_secret": {
        parameters: {
            query?: {
                /** @description Say what would happen */
                dry_run?: boolean;
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: {
                /** @description The same key gets the same answer for 24 hours */
                "Idempotency-Key"?: string;
            };
            path: {
                /** @description The client_id, as the protocol has it; an address is written with percent signs in a path */
                client_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /**
                     * @description How long the secrets before still work; default 0: they end at once
                     * @default 0
                     */
                    overlap_seconds?: number;
                };
            };
        };
        responses: {
            /** @description Made */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NewClientSecret"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "clients.secrets.revoke": {
        parameters: {
            query?: {
                /** @description Say what would happen */
                dry_run?: boolean;
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: never;
            path: {
                /** @description The client_id, as the protocol has it; an address is written with percent signs in a path */
                client_id: string;
                /** @description An id */
                secret_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "clients.set_security_profile": {
        parameters: {
            query?: {
                /** @description Say what would happen */
                dry_run?: boolean;
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: never;
            path: {
                /** @description The client_id, as the protocol has it; an address is written with percent signs in a path */
                client_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /**
                     * @description fapi2: FAPI 2.0 Security Profile; fapi2_message_signing: signed requests and responses as well; none
                     * @enum {string}
                     */
                    security_profile: "none" | "fapi2" | "fapi2_message_signing";
                };
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SecurityProfile"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "companies.create": {
        parameters: {
            query?: {
                /** @description Say what would happen */
                dry_run?: boolean;
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: {
                /** @description The same key gets the same answer for 24 hours */
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    name: string;
                    /**
                     * Format: uuid
                     * @description Default: the root
                     * @example 01890a5d-ac96-774b-bcce-b302099a8057
                     */
                    parent_id?: string;
                };
            };
        };
        responses: {
            /** @description Made */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Company"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "companies.activate": {
        parameters: {
            query?: {
                /** @description Say what would happen */
                dry_run?: boolean;
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: never;
            path: {
                /** @description An id */
                company_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Company"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "companies.deactivate": {
        parameters: {
            query?: {
                /** @description Say what would happen */
                dry_run?: boolean;
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: never;
            path: {
                /** @description An id */
                company_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Company"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "companies.members.list": {
        parameters: {
            query?: {
                /** @description The `next` of the page before */
                after?: string;
                /** @description How many at the most */
                limit?: number;
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: never;
            path: {
                /** @description An id */
                company_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["CompanyMember"][];
                        next: string | null;
                    };
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "companies.members.join": {
        parameters: {
            query?: {
                /** @description Say what would happen */
                dry_run?: boolean;
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: {
                /** @description The same key gets the same answer for 24 hours */
                "Idempotency-Key"?: string;
            };
            path: {
                /** @description An id */
                company_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /**
                     * Format: uuid
                     * @description Default: member
                     * @example 01890a5d-ac96-774b-bcce-b302099a8057
                     */
                    role_id?: string;
                    /**
                     * Format: uuid
                     * @description An id
                     * @example 01890a5d-ac96-774b-bcce-b302099a8057
                     */
                    user_id: string;
                };
            };
        };
        responses: {
            /** @description Made */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CompanyMembership"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "companies.members.leave": {
        parameters: {
            query?: {
                /** @description Say what would happen */
                dry_run?: boolean;
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: never;
            path: {
                /** @description An id */
                company_id: string;
                /** @description An id */
                user_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "event_streams.list": {
        parameters: {
            query?: {
                /** @description The `next` of the page before */
                after?: string;
                /** @description How many at the most */
                limit?: number;
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["EventStream"][];
                        next: string | null;
                    };
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "event_streams.create": {
        parameters: {
            query?: {
                /** @description Say what would happen */
                dry_run?: boolean;
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: {
                /** @description The same key gets the same answer for 24 hours */
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /**
                     * @description What is sent as `Authorization`; shown by nobody afterwards
                     * @default null
                     */
                    authorization_header?: string | null;
                    /** @default  */
                    description?: string;
                    /**
                     * @description Where tokens are pushed to; https
                     * @default null
                     */
                    endpoint_url?: string | null;
                    /**
                     * @description What is asked for; delivered are of these: https://schemas.openid.net/secevent/caep/event-type/session-revoked, https://schemas.openid.net/secevent/caep/event-type/token-claims-change, https://schemas.openid.net/secevent/caep/event-type/credential-change, https://schemas.openid.net/secevent/risc/event-type/account-disabled, https://schemas.openid.net/secevent/risc/event-type/account-enabled, https://schemas.openid.net/secevent/risc/event-type/account-purged
                     * @default [
                     *       "https://schemas.openid.net/secevent/caep/event-type/session-revoked",
                     *       "https://schemas.openid.net/secevent/caep/event-type/token-claims-change",
                     *       "https://schemas.openid.net/secevent/caep/event-type/credential-change",
                     *       "https://schemas.openid.net/secevent/risc/event-type/account-disabled",
                     *       "https://schemas.openid.net/secevent/risc/event-type/account-enabled",
                     *       "https://schemas.openid.net/secevent/risc/event-type/account-purged"
                     *     ]
                     */
                    events_requested?: string[];
                };
            };
        };
        responses: {
            /** @description Made */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EventStream"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "event_streams.get": {
        parameters: {
            query?: {
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: never;
            path: {
                /** @description An id */
                stream_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EventStream"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "event_streams.delete": {
        parameters: {
            query?: {
                /** @description Say what would happen */
                dry_run?: boolean;
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: never;
            path: {
                /** @description An id */
                stream_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "event_streams.update": {
        parameters: {
            query?: {
                /** @description Say what would happen */
                dry_run?: boolean;
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: never;
            path: {
                /** @description An id */
                stream_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @description What is sent as `Authorization`; shown by nobody afterwards */
                    authorization_header?: string | null;
                    description?: string;
                    /** @description Where tokens are pushed to; https */
                    endpoint_url?: string | null;
                    /** @description What is asked for; delivered are of these: https://schemas.openid.net/secevent/caep/event-type/session-revoked, https://schemas.openid.net/secevent/caep/event-type/token-claims-change, https://schemas.openid.net/secevent/caep/event-type/credential-change, https://schemas.openid.net/secevent/risc/event-type/account-disabled, https://schemas.openid.net/secevent/risc/event-type/account-enabled, https://schemas.openid.net/secevent/risc/event-type/account-purged */
                    events_requested?: string[];
                };
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EventStream"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "event_streams.deliveries": {
        parameters: {
            query?: {
                /** @description The `next` of the page before */
                after?: string;
                /** @description How many at the most */
                limit?: number;
                /** @description State */
                state?: "waiting" | "delivered" | "failed";
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: never;
            path: {
                /** @description An id */
                stream_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["EventStreamDelivery"][];
                        next: string | null;
                    };
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "event_streams.disable": {
        parameters: {
            query?: {
                /** @description Say what would happen */
                dry_run?: boolean;
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: never;
            path: {
                /** @description An id */
                stream_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EventStream"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "event_streams.enable": {
        parameters: {
            query?: {
                /** @description Say what would happen */
                dry_run?: boolean;
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: never;
            path: {
                /** @description An id */
                stream_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EventStream"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "event_streams.pause": {
        parameters: {
            query?: {
                /** @description Say what would happen */
                dry_run?: boolean;
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: never;
            path: {
                /** @description An id */
                stream_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EventStream"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "event_streams.poll": {
        parameters: {
            query?: {
                /** @description Say what would happen */
                dry_run?: boolean;
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: never;
            path: {
                /** @description An id */
                stream_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @default [] */
                    ack?: string[];
                    /**
                     * @description What it can do nothing with, and why; it is not given again
                     * @default []
                     */
                    errors?: {
                        event_id: string;
                        reason: string;
                    }[];
                    /** @default 100 */
                    max_events?: number;
                };
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EventStreamPolled"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "event_streams.verify": {
        parameters: {
            query?: {
                /** @description Say what would happen */
                dry_run?: boolean;
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: never;
            path: {
                /** @description An id */
                stream_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    state?: string;
                };
            };
        };
        responses: {
            /** @description Done */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "groups.list": {
        parameters: {
            query?: {
                /** @description The `next` of the page before */
                after?: string;
                /** @description How many at the most */
                limit?: number;
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["Group"][];
                        next: string | null;
                    };
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "groups.create": {
        parameters: {
            query?: {
                /** @description Say what would happen */
                dry_run?: boolean;
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: {
                /** @description The same key gets the same answer for 24 hours */
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @description As the directory calls it; unique in the tenant */
                    display_name: string;
                    external_id?: string | null;
                    /**
                     * Format: uuid
                     * @description An id
                     * @example 01890a5d-ac96-774b-bcce-b302099a8057
                     */
                    org_node_id: string;
                    /**
                     * Format: uuid
                     * @description An id
                     * @example 01890a5d-ac96-774b-bcce-b302099a8057
                     */
                    role_id: string;
                };
            };
        };
        responses: {
            /** @description Made */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Group"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "groups.get": {
        parameters: {
            query?: {
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: never;
            path: {
                /** @description An id */
                group_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Group"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "groups.delete": {
        parameters: {
            query?: {
                /** @description Say what would happen */
                dry_run?: boolean;
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: never;
            path: {
                /** @description An id */
                group_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "groups.update": {
        parameters: {
            query?: {
                /** @description Say what would happen */
                dry_run?: boolean;
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: {
                /** @description The ETag that you have seen */
                "If-Match"?: string;
            };
            path: {
                /** @description An id */
                group_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @description As the directory calls it; unique in the tenant */
                    display_name?: string;
                    external_id?: string | null;
                };
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Group"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            412: components["responses"]["PreconditionFailed"];
            422: components["responses"]["UnprocessableEntity"];
            428: components["responses"]["PreconditionRequired"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "groups.members.list": {
        parameters: {
            query?: {
                /** @description Limit */
                limit?: number;
                /** @description Another tenant than your own */
                tenant?: string;
                /** @description Whether this person does */
                user_id?: string;
            };
            header?: never;
            path: {
                /** @description An id */
                group_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["GroupMembers"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "groups.search": {
        parameters: {
            query?: {
                /** @description As of RFC 7644 section 3.4.2.2, by the names of SCIM */
                filter?: string;
                /** @description 0: to count alone */
                limit?: number;
                /** @description The first one, from 1 */
                start?: number;
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["FoundGroups"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "identity_providers.list": {
        parameters: {
            query?: {
                /** @description The `next` of the page before */
                after?: string;
                /** @description How many at the most */
                limit?: number;
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["IdentityProvider"][];
                        next: string | null;
                    };
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "identity_providers.create": {
        parameters: {
            query?: {
                /** @description Say what would happen */
                dry_run?: boolean;
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: {
                /** @description The same key gets the same answer for 24 hours */
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    all_tenants?: boolean;
                    claim_mapping?: {
                        [key: string]: unknown;
                    };
                    /** @description Of our client there */
                    client_id: string;
                    /** @description Of our client there. Never shown again */
                    client_secret?: string;
                    /** @description As its discovery document has it; `google` and `apple` need none */
                    issuer?: string;
                    /**
                     * @description The end of its callback address, and what settings name it by
                     * @example northwind-entra
                     */
                    key: string;
                    /** @description What its button says; `google` and `apple` need none */
                    name?: string;
                    /**
                     * @description How it sends its answer; Apple posts a form
                     * @enum {string}
                     */
                    response_mode?: "query" | "form_post";
                    scopes?: string[];
                };
            };
        };
        responses: {
            /** @description Made */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["IdentityProvider"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "identity_providers.get": {
        parameters: {
            query?: {
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: never;
            path: {
                /** @description The end of its callback address, and what settings name it by */
                key: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["IdentityProvider"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "identity_providers.delete": {
        parameters: {
            query?: {
                /** @description Say what would happen */
                dry_run?: boolean;
                /** @description Another tenant than your own */
                tenant?: string;
                /** @description Also unlink the accounts of everybody who signs in with it; else it is refused */
                with_identities?: "true" | "false";
            };
            header?: never;
            path: {
                /** @description The end of its callback address, and what settings name it by */
                key: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "identity_providers.update": {
        parameters: {
            query?: {
                /** @description Say what would happen */
                dry_run?: boolean;
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header: {
                /** @description The ETag that you have seen */
                "If-Match": string;
            };
            path: {
                /** @description The end of its callback address, and what settings name it by */
                key: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    claim_mapping?: {
                        [key: string]: unknown;
                    };
                    /** @description Of our client there */
                    client_id?: string;
                    /** @description Of our client there. Never shown again */
                    client_secret?: string;
                    name?: string;
                    /**
                     * @description How it sends its answer; Apple posts a form
                     * @enum {string}
                     */
                    response_mode?: "query" | "form_post";
                    scopes?: string[];
                };
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["IdentityProvider"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            412: components["responses"]["PreconditionFailed"];
            422: components["responses"]["UnprocessableEntity"];
            428: components["responses"]["PreconditionRequired"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "identity_providers.check": {
        parameters: {
            query?: {
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: never;
            path: {
                /** @description The end of its callback address, and what settings name it by */
                key: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["IdentityProviderChecks"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "identity_providers.cross_app.set": {
        parameters: {
            query?: {
                /** @description Say what would happen */
                dry_run?: boolean;
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: never;
            path: {
                /** @description The end of its callback address, and what settings name it by */
                key: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @description The applications that may bring its assertions */
                    client_ids: string[];
                    /** @description The capabilities that they may get by them at the most */
                    scopes: string[];
                    /** @description The `tenant` of its assertions; null: they have none */
                    their_tenant?: string | null;
                };
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["IdentityProvider"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "identity_providers.cross_app.remove": {
        parameters: {
            query?: {
                /** @description Say what would happen */
                dry_run?: boolean;
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: never;
            path: {
                /** @description The end of its callback address, and what settings name it by */
                key: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "identity_providers.disable": {
        parameters: {
            query?: {
                /** @description Say what would happen */
                dry_run?: boolean;
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: never;
            path: {
                /** @description The end of its callback address, and what settings name it by */
                key: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["IdentityProvider"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "identity_providers.effects": {
        parameters: {
            query?: {
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: never;
            path: {
                /** @description The end of its callback address, and what settings name it by */
                key: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Effects"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "identity_providers.enable": {
        parameters: {
            query?: {
                /** @description Say what would happen */
                dry_run?: boolean;
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: never;
            path: {
                /** @description The end of its callback address, and what settings name it by */
                key: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["IdentityProvider"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "imports.list": {
        parameters: {
            query?: {
                /** @description The `next` of the page before */
                after?: string;
                /** @description How many at the most */
                limit?: number;
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["Import"][];
                        next: string | null;
                    };
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "imports.create": {
        parameters: {
            query?: {
                /** @description Say what would happen */
                dry_run?: boolean;
                /** @description File name */
                file_name?: string;
                /** @description What the rows were made of, for the audit trail */
                format?: string;
                /** @description Another tenant than your own */
                tenant?: string;
                /** @description Take passwords that were hashed by plain SHA as well */
                weak_hashes?: "true" | "false";
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/x-ndjson": components["schemas"]["ImportedPerson"];
            };
        };
        responses: {
            /** @description Done */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Import"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "imports.get": {
        parameters: {
            query?: {
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: never;
            path: {
                /** @description An id */
                import_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Import"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "imports.begin": {
        parameters: {
            query?: {
                /** @description Say what would happen */
                dry_run?: boolean;
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: never;
            path: {
                /** @description An id */
                import_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Import"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "imports.report": {
        parameters: {
            query?: {
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: never;
            path: {
                /** @description An id */
                import_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/csv": string;
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "imports.rows.list": {
        parameters: {
            query?: {
                /** @description The `next` of the page before */
                after?: string;
                /** @description How many at the most */
                limit?: number;
                /** @description Outcome */
                outcome?: "created" | "updated" | "unchanged" | "refused";
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: never;
            path: {
                /** @description An id */
                import_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["ImportRow"][];
                        next: string | null;
                    };
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "imports.stop": {
        parameters: {
            query?: {
                /** @description Say what would happen */
                dry_run?: boolean;
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: never;
            path: {
                /** @description An id */
                import_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Import"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "initial_access_tokens.list": {
        parameters: {
            query?: {
                /** @description The `next` of the page before */
                after?: string;
                /** @description How many at the most */
                limit?: number;
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["InitialAccessToken"][];
                        next: string | null;
                    };
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "initial_access_tokens.create": {
        parameters: {
            query?: {
                /** @description Say what would happen */
                dry_run?: boolean;
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: {
                /** @description The same key gets the same answer for 24 hours */
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /**
                     * Format: date-time
                     * @description At the most 366 days from now
                     * @example 2027-01-31T08:00:00Z
                     */
                    expires_at?: string;
                    /**
                     * @description How many applications; default 1
                     * @default 1
                     */
                    most_uses?: number;
                    name: string;
                    /** @description Hosts that people may be sent back to; `localhost` is the person’s own machine */
                    redirect_hosts: string[];
                    /** @description What may be asked for, at the most: scopes of OpenID Connect and keys of capabilities */
                    scopes: string[];
                };
            };
        };
        responses: {
            /** @description Made */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NewInitialAccessToken"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "initial_access_tokens.get": {
        parameters: {
            query?: {
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: never;
            path: {
                /** @description An id */
                initial_access_token_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["InitialAccessToken"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "initial_access_tokens.revoke": {
        parameters: {
            query?: {
                /** @description Say what would happen */
                dry_run?: boolean;
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: never;
            path: {
                /** @description An id */
                initial_access_token_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "installation.checks": {
        parameters: {
            query?: {
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["InstallationChecks"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "invitations.list": {
        parameters: {
            query?: {
                /** @description The `next` of the page before */
                after?: string;
                /** @description How many at the most */
                limit?: number;
                /** @description State */
                state?: "open" | "expired" | "accepted" | "revoked";
                /** @description Another tenant than your own */
                tenant?: string;
                /** @description To places at this node or below it */
                under?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["ListedInvitation"][];
                        next: string | null;
                    };
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "invitations.create": {
        parameters: {
            query?: {
                /** @description Say what would happen */
                dry_run?: boolean;
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: {
                /** @description The same key gets the same answer for 24 hours */
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @enum {string} */
                    channel?: "email" | "sms" | "whatsapp";
                    email?: string;
                    /**
                     * Format: date-time
                     * @description How long the link works: 30 days at the most; default 7
                     * @example 2027-01-31T08:00:00Z
                     */
                    expires_at?: string;
                    /**
                     * @description The language of the message
                     * @default en
                     * @enum {string}
                     */
                    locale?: "en" | "fr";
                    /**
                     * Format: uuid
                     * @description An id
                     * @example 01890a5d-ac96-774b-bcce-b302099a8057
                     */
                    org_node_id: string;
                    /** @description In place of an email address */
                    phone?: string;
                    /**
                     * Format: uuid
                     * @description An id
                     * @example 01890a5d-ac96-774b-bcce-b302099a8057
                     */
                    role_id: string;
                };
            };
        };
        responses: {
            /** @description Made */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Invitation"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "invitations.get": {
        parameters: {
            query?: {
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: never;
            path: {
                /** @description An id */
                invitation_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ListedInvitation"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "invitations.resend": {
        parameters: {
            query?: {
                /** @description Say what would happen */
                dry_run?: boolean;
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: never;
            path: {
                /** @description An id */
                invitation_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /**
                     * Format: date-time
                     * @description How long the link works: 30 days at the most; default 7
                     * @example 2027-01-31T08:00:00Z
                     */
                    expires_at?: string;
                    /**
                     * @description The language of the message
                     * @default en
                     * @enum {string}
                     */
                    locale?: "en" | "fr";
                };
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Invitation"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "invitations.revoke": {
        parameters: {
            query?: {
                /** @description Say what would happen */
                dry_run?: boolean;
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: never;
            path: {
                /** @description An id */
                invitation_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "messages.channels": {
        parameters: {
            query?: {
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ChannelsHealth"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "messages.unsent": {
        parameters: {
            query?: {
                /** @description The `next` of the page before */
                after?: string;
                /** @description Channel */
                channel?: "email" | "sms" | "whatsapp";
                /** @description How many at the most */
                limit?: number;
                /** @description Those alone that did not go because of it */
                reason?: string;
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["UnsentMessage"][];
                        next: string | null;
                    };
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "org_nodes.list": {
        parameters: {
            query?: {
                /** @description The `next` of the page before */
                after?: string;
                /** @description This node and everything below it */
                below?: string;
                /** @description Whether to count what stands at and below each */
                counts?: "true" | "false";
                /** @description What another system calls it; unique in the tenant */
                external_id?: string;
                /** @description How many at the most */
                limit?: number;
                /** @description The children of this node */
                parent_id?: string;
                /** @description Whether to tell the nodes above each */
                path?: "true" | "false";
                /** @description A part of the name; of one or two characters, the beginning of a word */
                q?: string;
                /** @description Another tenant than your own */
                tenant?: string;
                /** @description Type */
                type?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["ListedOrgNode"][];
                        next: string | null;
                    };
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "org_nodes.create": {
        parameters: {
            query?: {
                /** @description Say what would happen */
                dry_run?: boolean;
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: {
                /** @description The same key gets the same answer for 24 hours */
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    external_id?: string | null;
                    name: string;
                    /**
                     * Format: uuid
                     * @description An id
                     * @example 01890a5d-ac96-774b-bcce-b302099a8057
                     */
                    parent_id: string;
                    type: string;
                };
            };
        };
        responses: {
            /** @description Made */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OrgNode"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "org_nodes.get": {
        parameters: {
            query?: {
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: never;
            path: {
                /** @description An id */
                org_node_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OrgNode"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "org_nodes.delete": {
        parameters: {
            query?: {
                /** @description Say what would happen */
                dry_run?: boolean;
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: never;
            path: {
                /** @description An id */
                org_node_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "org_nodes.update": {
        parameters: {
            query?: {
                /** @description Say what would happen */
                dry_run?: boolean;
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: {
                /** @description The ETag that you have seen */
                "If-Match"?: string;
            };
            path: {
                /** @description An id */
                org_node_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    external_id?: string | null;
                    name?: string;
                    type?: string;
                };
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OrgNode"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            412: components["responses"]["PreconditionFailed"];
            422: components["responses"]["UnprocessableEntity"];
            428: components["responses"]["PreconditionRequired"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "org_nodes.activate": {
        parameters: {
            query?: {
                /** @description Say what would happen */
                dry_run?: boolean;
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: never;
            path: {
                /** @description An id */
                org_node_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OrgNode"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "org_nodes.ancestors": {
        parameters: {
            query?: {
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: never;
            path: {
                /** @description An id */
                org_node_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OrgNodeAncestors"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "org_nodes.deactivate": {
        parameters: {
            query?: {
                /** @description Say what would happen */
                dry_run?: boolean;
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: never;
            path: {
                /** @description An id */
                org_node_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OrgNode"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "org_nodes.holders": {
        parameters: {
            query: {
                /** @description The `next` of the page before */
                after?: string;
                /** @description What held at that moment, as it would have been answered then; of one that is still to come: what will hold, by what is known now. Default: now */
                at?: string;
                /** @description The key of a capability */
                capability: string;
                /** @description How many at the most */
                limit?: number;
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: never;
            path: {
                /** @description An id */
                org_node_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["AccessChain"][];
                        next: string | null;
                    };
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "org_nodes.move": {
        parameters: {
            query?: {
                /** @description Say what would happen */
                dry_run?: boolean;
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: never;
            path: {
                /** @description An id */
                org_node_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /**
                     * Format: uuid
                     * @description An id
                     * @example 01890a5d-ac96-774b-bcce-b302099a8057
                     */
                    parent_id: string;
                };
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OrgNode"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "org_nodes.preview": {
        parameters: {
            query?: {
                /** @description Whether it would be active */
                active?: "true" | "false";
                /** @description Below which node it would hang */
                parent_id?: string;
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: never;
            path: {
                /** @description An id */
                org_node_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OrgNodePreview"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "overview.get": {
        parameters: {
            query?: {
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Overview"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "provisioning.requests": {
        parameters: {
            query?: {
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProvisioningRequests"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "referrals.codes": {
        parameters: {
            query?: {
                /** @description The `next` of the page before */
                after?: string;
                /** @description How many at the most */
                limit?: number;
                /** @description Whether it counts for those who sign up now, and why not */
                state?: "working" | "stopped" | "expired" | "owner_inactive" | "owner_deleted";
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["ListedReferralCode"][];
                        next: string | null;
                    };
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "referrals.list": {
        parameters: {
            query?: {
                /** @description The `next` of the page before */
                after?: string;
                /** @description How many at the most */
                limit?: number;
                /** @description An id */
                referrer_user_id?: string;
                /** @description `pending` until the new person signs in for the first time */
                status?: "pending" | "completed_signup" | "subscription_activated";
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["ListedReferral"][];
                        next: string | null;
                    };
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "referrals.get": {
        parameters: {
            query?: {
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: never;
            path: {
                /** @description An id */
                referral_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ListedReferral"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "referrals.settle": {
        parameters: {
            query?: {
                /** @description Say what would happen */
                dry_run?: boolean;
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: never;
            path: {
                /** @description An id */
                referral_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Referral"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "resource_servers.list": {
        parameters: {
            query?: {
                /** @description The `next` of the page before */
                after?: string;
                /** @description How many at the most */
                limit?: number;
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["ListedResourceServer"][];
                        next: string | null;
                    };
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "resource_servers.create": {
        parameters: {
            query?: {
                /** @description Say what would happen */
                dry_run?: boolean;
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: {
                /** @description The same key gets the same answer for 24 hours */
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @description How long an access token lives, in seconds */
                    access_token_ttl?: number;
                    all_tenants?: boolean;
                    identifier: string;
                    name: string;
                    /** @description How a person has to have signed in for a token for it: by two factors, or null: as anybody */
                    required_acr?: ("urn:gatehouse:acr:aal1" | "urn:gatehouse:acr:aal2") | null;
                    /**
                     * @description Of a JWT
                     * @enum {string}
                     */
                    signing_alg?: "ES256" | "RS256";
                    /** @description Whether first-party applications get its scopes without asking the person; others never do */
                    skip_consent?: boolean;
                    /** @description Whether it takes tokens that services and API keys were exchanged for (RFC 8693) */
                    token_exchange?: boolean;
                    /**
                     * @description opaque: the API introspects them
                     * @enum {string}
                     */
                    token_format?: "jwt" | "opaque";
                };
            };
        };
        responses: {
            /** @description Made */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ResourceServer"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "resource_servers.get": {
        parameters: {
            query?: {
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: never;
            path: {
                /** @description An id */
                resource_server_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ResourceServer"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "resource_servers.delete": {
        parameters: {
            query?: {
                /** @description Say what would happen */
                dry_run?: boolean;
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: never;
            path: {
                /** @description An id */
                resource_server_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "resource_servers.update": {
        parameters: {
            query?: {
                /** @description Say what would happen */
                dry_run?: boolean;
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header: {
                /** @description The ETag that you have seen */
                "If-Match": string;
            };
            path: {
                /** @description An id */
                resource_server_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @description How long an access token lives, in seconds */
                    access_token_ttl?: number;
                    name?: string;
                    /** @description How a person has to have signed in for a token for it: by two factors, or null: as anybody */
                    required_acr?: ("urn:gatehouse:acr:aal1" | "urn:gatehouse:acr:aal2") | null;
                    /**
                     * @description Of a JWT
                     * @enum {string}
                     */
                    signing_alg?: "ES256" | "RS256";
                    /** @description Whether first-party applications get its scopes without asking the person; others never do */
                    skip_consent?: boolean;
                    /** @description Whether it takes tokens that services and API keys were exchanged for (RFC 8693) */
                    token_exchange?: boolean;
                    /**
                     * @description opaque: the API introspects them
                     * @enum {string}
                     */
                    token_format?: "jwt" | "opaque";
                };
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ResourceServer"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            412: components["responses"]["PreconditionFailed"];
            422: components["responses"]["UnprocessableEntity"];
            428: components["responses"]["PreconditionRequired"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "roles.list": {
        parameters: {
            query?: {
                /** @description The `next` of the page before */
                after?: string;
                /** @description How many at the most */
                limit?: number;
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["ListedRole"][];
                        next: string | null;
                    };
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "roles.create": {
        parameters: {
            query?: {
                /** @description Say what would happen */
                dry_run?: boolean;
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: {
                /** @description The same key gets the same answer for 24 hours */
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    description?: string | null;
                    name: string;
                };
            };
        };
        responses: {
            /** @description Made */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Role"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "roles.get": {
        parameters: {
            query?: {
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: never;
            path: {
                /** @description An id */
                role_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Role"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "roles.delete": {
        parameters: {
            query?: {
                /** @description Say what would happen */
                dry_run?: boolean;
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: never;
            path: {
                /** @description An id */
                role_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "roles.update": {
        parameters: {
            query?: {
                /** @description Say what would happen */
                dry_run?: boolean;
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header: {
                /** @description The ETag that you have seen */
                "If-Match": string;
            };
            path: {
                /** @description An id */
                role_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    description?: string | null;
                    name?: string;
                };
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Role"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            412: components["responses"]["PreconditionFailed"];
            422: components["responses"]["UnprocessableEntity"];
            428: components["responses"]["PreconditionRequired"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "roles.capabilities.list": {
        parameters: {
            query?: {
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: never;
            path: {
                /** @description An id */
                role_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RoleCapabilities"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "roles.capabilities.replace": {
        parameters: {
            query?: {
                /** @description Say what would happen */
                dry_run?: boolean;
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header: {
                /** @description The ETag that you have seen */
                "If-Match": string;
            };
            path: {
                /** @description An id */
                role_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    items: string[];
                };
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RoleCapabilities"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            412: components["responses"]["PreconditionFailed"];
            422: components["responses"]["UnprocessableEntity"];
            428: components["responses"]["PreconditionRequired"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "roles.capabilities.add": {
        parameters: {
            query?: {
                /** @description Say what would happen */
                dry_run?: boolean;
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: never;
            path: {
                /** @description The key of a capability */
                capability: string;
                /** @description An id */
                role_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "roles.capabilities.remove": {
        parameters: {
            query?: {
                /** @description Say what would happen */
                dry_run?: boolean;
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: never;
            path: {
                /** @description The key of a capability */
                capability: string;
                /** @description An id */
                role_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "roles.effects": {
        parameters: {
            query?: {
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: never;
            path: {
                /** @description An id */
                role_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Effects"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "service_sessions.list": {
        parameters: {
            query?: {
                /** @description The `next` of the page before */
                after?: string;
                /** @description Client id */
                client_id?: string;
                /** @description How many at the most */
                limit?: number;
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["ServiceSession"][];
                        next: string | null;
                    };
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "service_sessions.end": {
        parameters: {
            query?: {
                /** @description Say what would happen */
                dry_run?: boolean;
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: never;
            path: {
                /** @description An id */
                service_session_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "services.list": {
        parameters: {
            query?: {
                /** @description The `next` of the page before */
                after?: string;
                /** @description How many at the most */
                limit?: number;
                /** @description Those that may ask for a capability of this API */
                may_call?: string;
                /** @description A part of the name or of the client_id */
                q?: string;
                /** @description Those that are this API */
                resource_server_id?: string;
                /** @description Default: created_at */
                sort?: "created_at" | "name";
                /** @description State */
                state?: "active" | "disabled";
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["ListedService"][];
                        next: string | null;
                    };
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "services.create": {
        parameters: {
            query?: {
                /** @description Say what would happen */
                dry_run?: boolean;
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: {
                /** @description The same key gets the same answer for 24 hours */
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @description It belongs to the server, and to no tenant */
                    all_tenants?: boolean;
                    /** @default [] */
                    capabilities?: string[];
                    /** @description Its tokens are good together with its certificate alone (RFC 8705 section 3) */
                    certificate_bound_tokens?: boolean;
                    /** @description One name of the certificate that the proxy verifies (RFC 8705 section 2.1.2): `{"san_dns": "…"}` */
                    certificate_name?: {
                        san_dns?: string;
                        san_email?: string;
                        san_ip?: string;
                        san_uri?: string;
                        subject_dn?: string;
                    };
                    /** @description Certificates that it made itself, in PEM (RFC 8705 section 2.2) */
                    certificates?: string[];
                    /** @description The client_id, as the protocol has it; an address is written with percent signs in a path */
                    client_id?: string;
                    /** @description The identifier of the API that its tokens are for where a request names none (`resource`); null: none */
                    default_resource?: string | null;
                    /** @description How answers of introspection are signed for it where it asks for that (RFC 9701); null: with RS256 */
                    introspection_signed_response_alg?: ("RS256" | "ES256") | null;
                    /** @description Public keys, as a JWK Set (RFC 7517) */
                    jwks?: {
                        keys: {
                            [key: string]: unknown;
                        }[];
                    };
                    /** @description Where it publishes its public keys (RFC 7591 section 2), in place of `jwks`: it may rotate them itself */
                    jwks_uri?: string;
                    /** @description What people read when they are asked to sign in */
                    name: string;
                    /**
                     * Format: uuid
                     * @description The API that it is
                     * @example 01890a5d-ac96-774b-bcce-b302099a8057
                     */
                    resource_server_id?: string;
                    /**
                     * @description fapi2: FAPI 2.0 Security Profile; fapi2_message_signing: signed requests and responses as well; none
                     * @enum {string}
                     */
                    security_profile?: "none" | "fapi2" | "fapi2_message_signing";
                    /** @description Tokens of its platform prove it */
                    workload_identity?: {
                        /** @description The only audience of the tokens */
                        audience: string;
                        /** @description As the tokens have it, letter by letter */
                        issuer: string;
                        /** @description Where its keys are; null: it says so by discovery */
                        jwks_uri?: string | null;
                        /**
                         * @description A token is good once, by its `jti`; false: until it ends (Kubernetes, Google Cloud)
                         * @default true
                         */
                        single_use?: boolean;
                        /** @description A subject, letter by letter; `*` stands for one whole segment between `:` and `/`, from the third on */
                        subject: string;
                    };
                };
            };
        };
        responses: {
            /** @description Made */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NewService"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "services.get": {
        parameters: {
            query?: {
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: never;
            path: {
                /** @description The client_id, as the protocol has it; an address is written with percent signs in a path */
                client_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Service"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "services.delete": {
        parameters: {
            query?: {
                /** @description Say what would happen */
                dry_run?: boolean;
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: never;
            path: {
                /** @description The client_id, as the protocol has it; an address is written with percent signs in a path */
                client_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "services.update": {
        parameters: {
            query?: {
                /** @description Say what would happen */
                dry_run?: boolean;
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header: {
                /** @description The ETag that you have seen */
                "If-Match": string;
            };
            path: {
                /** @description The client_id, as the protocol has it; an address is written with percent signs in a path */
                client_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @description Its tokens are good together with its certificate alone (RFC 8705 section 3) */
                    certificate_bound_tokens?: boolean;
                    /** @description One name of the certificate that the proxy verifies (RFC 8705 section 2.1.2): `{"san_dns": "…"}` */
                    certificate_name?: {
                        san_dns?: string;
                        san_email?: string;
                        san_ip?: string;
                        san_uri?: string;
                        subject_dn?: string;
                    };
                    /** @description Certificates that it made itself, in PEM (RFC 8705 section 2.2) */
                    certificates?: string[];
                    /** @description The identifier of the API that its tokens are for where a request names none (`resource`); null: none */
                    default_resource?: string | null;
                    /** @description How answers of introspection are signed for it where it asks for that (RFC 9701); null: with RS256 */
                    introspection_signed_response_alg?: ("RS256" | "ES256") | null;
                    /** @description Public keys, as a JWK Set (RFC 7517) */
                    jwks?: {
                        keys: {
                            [key: string]: unknown;
                        }[];
                    };
                    /** @description Where it publishes its public keys (RFC 7591 section 2), in place of `jwks`: it may rotate them itself */
                    jwks_uri?: string;
                    /** @description What people read when they are asked to sign in */
                    name?: string;
                };
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Service"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            412: components["responses"]["PreconditionFailed"];
            422: components["responses"]["UnprocessableEntity"];
            428: components["responses"]["PreconditionRequired"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "services.capabilities.list": {
        parameters: {
            query?: {
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: never;
            path: {
                /** @description The client_id, as the protocol has it; an address is written with percent signs in a path */
                client_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ServiceCapabilities"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "services.capabilities.replace": {
        parameters: {
            query?: {
                /** @description Say what would happen */
                dry_run?: boolean;
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header: {
                /** @description The ETag that you have seen */
                "If-Match": string;
            };
            path: {
                /** @description The client_id, as the protocol has it; an address is written with percent signs in a path */
                client_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    items: string[];
                };
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ServiceCapabilities"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            412: components["responses"]["PreconditionFailed"];
            422: components["responses"]["UnprocessableEntity"];
            428: components["responses"]["PreconditionRequired"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "services.capabilities.add": {
        parameters: {
            query?: {
                /** @description Say what would happen */
                dry_run?: boolean;
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: never;
            path: {
                /** @description The key of a capability */
                capability: string;
                /** @description The client_id, as the protocol has it; an address is written with percent signs in a path */
                client_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "services.capabilities.remove": {
        parameters: {
            query?: {
                /** @description Say what would happen */
                dry_run?: boolean;
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: never;
            path: {
                /** @description The key of a capability */
                capability: string;
                /** @description The client_id, as the protocol has it; an address is written with percent signs in a path */
                client_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "services.disable": {
        parameters: {
            query?: {
                /** @description Say what would happen */
                dry_run?: boolean;
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: never;
            path: {
                /** @description The client_id, as the protocol has it; an address is written with percent signs in a path */
                client_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Service"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "services.effects": {
        parameters: {
            query?: {
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: never;
            path: {
                /** @description The client_id, as the protocol has it; an address is written with percent signs in a path */
                client_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Effects"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "services.enable": {
        parameters: {
            query?: {
                /** @description Say what would happen */
                dry_run?: boolean;
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: never;
            path: {
                /** @description The client_id, as the protocol has it; an address is written with percent signs in a path */
                client_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Service"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "services.exchange_capabilities.list": {
        parameters: {
            query?: {
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: never;
            path: {
                /** @description The client_id, as the protocol has it; an address is written with percent signs in a path */
                client_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ExchangeCapabilities"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "services.exchange_capabilities.add": {
        parameters: {
            query?: {
                /** @description Say what would happen */
                dry_run?: boolean;
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: never;
            path: {
                /** @description The key of a capability */
                capability: string;
                /** @description The client_id, as the protocol has it; an address is written with percent signs in a path */
                client_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "services.exchange_capabilities.remove": {
        parameters: {
            query?: {
                /** @description Say what would happen */
                dry_run?: boolean;
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: never;
            path: {
                /** @description The key of a capability */
                capability: string;
                /** @description The client_id, as the protocol has it; an address is written with percent signs in a path */
                client_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "services.refusals": {
        parameters: {
            query?: {
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: never;
            path: {
                /** @description The client_id, as the protocol has it; an address is written with percent signs in a path */
                client_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ClientRefusals"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "services.secrets.list": {
        parameters: {
            query?: {
                /** @description The `next` of the page before */
                after?: string;
                /** @description How many at the most */
                limit?: number;
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: never;
            path: {
                /** @description The client_id, as the protocol has it; an address is written with percent signs in a path */
                client_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["ClientSecret"][];
                        next: string | null;
                    };
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "services.rotate_secret": {
        parameters: {
            query?: {
                /** @description Say what would happen */
                dry_run?: boolean;
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: {
                /** @description The same key gets the same answer for 24 hours */
                "Idempotency-Key"?: string;
            };
            path: {
                /** @description The client_id, as the protocol has it; an address is written with percent signs in a path */
                client_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /**
                     * @description How long the secrets before still work; default 0: they end at once
                     * @default 0
                     */
                    overlap_seconds?: number;
                };
            };
        };
        responses: {
            /** @description Made */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NewClientSecret"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "services.secrets.revoke": {
        parameters: {
            query?: {
                /** @description Say what would happen */
                dry_run?: boolean;
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: never;
            path: {
                /** @description The client_id, as the protocol has it; an address is written with percent signs in a path */
                client_id: string;
                /** @description An id */
                secret_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "services.set_security_profile": {
        parameters: {
            query?: {
                /** @description Say what would happen */
                dry_run?: boolean;
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: never;
            path: {
                /** @description The client_id, as the protocol has it; an address is written with percent signs in a path */
                client_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /**
                     * @description fapi2: FAPI 2.0 Security Profile; fapi2_message_signing: signed requests and responses as well; none
                     * @enum {string}
                     */
                    security_profile: "none" | "fapi2" | "fapi2_message_signing";
                };
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SecurityProfile"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "services.tokens.list": {
        parameters: {
            query?: {
                /** @description The `next` of the page before */
                after?: string;
                /** @description How many at the most */
                limit?: number;
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: never;
            path: {
                /** @description The client_id, as the protocol has it; an address is written with percent signs in a path */
                client_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["ServiceToken"][];
                        next: string | null;
                    };
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "services.tokens.revoke_all": {
        parameters: {
            query?: {
                /** @description Say what would happen */
                dry_run?: boolean;
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: never;
            path: {
                /** @description The client_id, as the protocol has it; an address is written with percent signs in a path */
                client_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "services.tokens.revoke": {
        parameters: {
            query?: {
                /** @description Say what would happen */
                dry_run?: boolean;
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: never;
            path: {
                /** @description The client_id, as the protocol has it; an address is written with percent signs in a path */
                client_id: string;
                /** @description An id */
                token_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "services.workload_identities.list": {
        parameters: {
            query?: {
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: never;
            path: {
                /** @description The client_id, as the protocol has it; an address is written with percent signs in a path */
                client_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WorkloadIdentities"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "services.workload_identities.add": {
        parameters: {
            query?: {
                /** @description Say what would happen */
                dry_run?: boolean;
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: {
                /** @description The same key gets the same answer for 24 hours */
                "Idempotency-Key"?: string;
            };
            path: {
                /** @description The client_id, as the protocol has it; an address is written with percent signs in a path */
                client_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @description The only audience of the tokens */
                    audience: string;
                    /** @description As the tokens have it, letter by letter */
                    issuer: string;
                    /** @description Where its keys are; null: it says so by discovery */
                    jwks_uri?: string | null;
                    /**
                     * @description A token is good once, by its `jti`; false: until it ends (Kubernetes, Google Cloud)
                     * @default true
                     */
                    single_use?: boolean;
                    /** @description A subject, letter by letter; `*` stands for one whole segment between `:` and `/`, from the third on */
                    subject: string;
                };
            };
        };
        responses: {
            /** @description Made */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WorkloadIdentity"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "services.workload_identities.remove": {
        parameters: {
            query?: {
                /** @description Say what would happen */
                dry_run?: boolean;
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: never;
            path: {
                /** @description The client_id, as the protocol has it; an address is written with percent signs in a path */
                client_id: string;
                /** @description An id */
                workload_identity_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "sessions.end": {
        parameters: {
            query?: {
                /** @description Say what would happen */
                dry_run?: boolean;
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: never;
            path: {
                /** @description An id */
                session_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "signing_keys.list": {
        parameters: {
            query?: {
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SigningKeys"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "signing_keys.rotate": {
        parameters: {
            query?: {
                /** @description Say what would happen */
                dry_run?: boolean;
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /**
                     * @description Publish no earlier key any more: for keys that others may know
                     * @default false
                     */
                    withdraw?: boolean;
                };
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SigningKeys"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "tenants.current": {
        parameters: {
            query?: {
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Tenant"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "tenants.rename": {
        parameters: {
            query?: {
                /** @description Say what would happen */
                dry_run?: boolean;
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: {
                /** @description The ETag that you have seen */
                "If-Match"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    name: string;
                };
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Tenant"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            412: components["responses"]["PreconditionFailed"];
            422: components["responses"]["UnprocessableEntity"];
            428: components["responses"]["PreconditionRequired"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "tenants.settings.get": {
        parameters: {
            query?: {
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantSettings"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "tenants.settings.update": {
        parameters: {
            query?: {
                /** @description Say what would happen */
                dry_run?: boolean;
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header: {
                /** @description The ETag that you have seen */
                "If-Match": string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    address_limits?: {
                        /** @description Codes and links from one address in an hour that nobody used; null: as the server, which is also the highest */
                        codes?: number | null;
                        /** @description Wrong passwords from one address in ten minutes; null: as the server, which is also the highest */
                        sign_in_failures?: number | null;
                        /** @description Networks such as a school’s, where nobody is limited by address: `203.0.113.0/24` */
                        trusted_networks?: string[];
                    };
                    /** @description How long audit events are kept; null: as the server */
                    audit_retention_days?: number | null;
                    branding?: {
                        /** @description Such as `#1f6f6b` */
                        accent_color?: string | null;
                        /** @description By https */
                        logo_url?: string | null;
                        /** @description By https, or `mailto:` and an address; null: as the server */
                        support_url?: string | null;
                    };
                    /** @description Where these documents may be; empty: at any host */
                    client_document_hosts?: string[];
                    /** @description Whether people may let in applications that are known by the https address of a document about them */
                    client_documents?: boolean;
                    /** @description Whether applications may register themselves by an initial access token (RFC 7591) */
                    client_registration?: boolean;
                    /** @description The ways that one-time codes go */
                    code_channels?: ("email" | "sms" | "whatsapp")[];
                    /** @description Where messages to phones may go, as of ISO 3166-1 alpha-2 */
                    country_list?: string[];
                    /** @description Messages to phones a day; null: as the server */
                    daily_phone_messages?: number | null;
                    /** @description How long a reset of a second factor waits */
                    factor_reset_hours?: number;
                    federation?: {
                        [key: string]: {
                            /** @description Accounts of this organisation alone; null: any */
                            required_hosted_domain?: string | null;
                            /** @description Their addresses link an account by the word of the provider */
                            trusted_email_domains?: string[];
                        } | null;
                    };
                    /** @description After how many days people who are deactivated are erased; null: never by themselves */
                    inactive_erasure_days?: number | null;
                    /** @description Whether people are told by mail of a sign-in from a browser that is new to them */
                    new_device_notices?: boolean;
                    /** @description Whether people are offered a passkey after a sign-in by something else, once */
                    passkey_offer?: boolean;
                    /** @description How long a browser may be remembered, where the second factor is not asked for; 0: not at all */
                    remembered_device_days?: number;
                    /** @description The ways by which a code that is sent counts as a second factor of people who have enrolled nothing */
                    second_factor_channels?: ("email" | "sms" | "whatsapp")[];
                    /**
                     * @description Of whom a second factor is asked; `administrators`: owners and admins
                     * @enum {string}
                     */
                    second_factor_for?: "nobody" | "administrators" | "everyone";
                    /** @description How long people may put off enrolling one */
                    second_factor_grace_days?: number;
                    /** @description How long people who delete their own account may keep it; null: they may not delete it */
                    self_deletion_days?: number | null;
                    /** @description Whether anybody may make an account */
                    self_sign_up?: boolean;
                    /** @description How long a sign-in lasts; null: as the server */
                    session_hours?: number | null;
                    /** @description `password`, `otp`, or the key of an identity provider */
                    sign_in_methods?: string[];
                    /** @description Where self sign-up takes addresses from; empty: any domain */
                    sign_up_email_domains?: string[];
                    /** @description Whether people may sign in by a username, too */
                    usernames?: boolean;
                };
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantSettings"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            412: components["responses"]["PreconditionFailed"];
            422: components["responses"]["UnprocessableEntity"];
            428: components["responses"]["PreconditionRequired"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "tenants.sign_in_methods": {
        parameters: {
            query?: {
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SignInMethods"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "tenants.list": {
        parameters: {
            query?: {
                /** @description Those in which somebody has this email address, or this phone number with its country code */
                address?: string;
                /** @description The `next` of the page before */
                after?: string;
                /** @description How many at the most */
                limit?: number;
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["ListedTenant"][];
                        next: string | null;
                    };
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "tenants.create": {
        parameters: {
            query?: {
                /** @description Say what would happen */
                dry_run?: boolean;
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: {
                /** @description The same key gets the same answer for 24 hours */
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    name: string;
                    /**
                     * @description Its short name: lower-case letters, digits and hyphens
                     * @example northwind
                     */
                    slug: string;
                };
            };
        };
        responses: {
            /** @description Made */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NewTenant"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "tenants.get": {
        parameters: {
            query?: {
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: never;
            path: {
                /** @description An id or a slug */
                tenant: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Tenant"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "tenants.effects": {
        parameters: {
            query?: {
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: never;
            path: {
                /** @description An id or a slug */
                tenant: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Effects"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "tenants.resume": {
        parameters: {
            query?: {
                /** @description Say what would happen */
                dry_run?: boolean;
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: never;
            path: {
                /** @description An id or a slug */
                tenant: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Tenant"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "tenants.suspend": {
        parameters: {
            query?: {
                /** @description Say what would happen */
                dry_run?: boolean;
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: never;
            path: {
                /** @description An id or a slug */
                tenant: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Tenant"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "users.list": {
        parameters: {
            query?: {
                /** @description The `next` of the page before */
                after?: string;
                /** @description How long ago they signed in last */
                last_login?: "within_7_days" | "within_30_days" | "before_90_days" | "never";
                /** @description How many at the most */
                limit?: number;
                /** @description Who holds something, now or later, at this node or below it */
                org_node_id?: string;
                /** @description A part of a name, an address, a username or an external id; of one or two characters, the beginning of a word */
                q?: string;
                /** @description Who holds this role, now or later; with `org_node_id`, there */
                role_id?: string;
                /** @description Default: created_at. Times: the latest first */
                sort?: "name" | "email" | "created_at" | "last_login_at";
                /** @description State */
                state?: "active" | "inactive";
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["User"][];
                        next: string | null;
                    };
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "users.create": {
        parameters: {
            query?: {
                /** @description Say what would happen */
                dry_run?: boolean;
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: {
                /** @description The same key gets the same answer for 24 hours */
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @description Roles that they hold from the first moment */
                    assignments?: {
                        /** @description The first moment at which it no longer holds; absent: until further notice */
                        ends_at?: string | null;
                        /**
                         * Format: uuid
                         * @description An id
                         * @example 01890a5d-ac96-774b-bcce-b302099a8057
                         */
                        org_node_id: string;
                        /**
                         * Format: uuid
                         * @description An id
                         * @example 01890a5d-ac96-774b-bcce-b302099a8057
                         */
                        role_id: string;
                        /**
                         * Format: date-time
                         * @description Default: now
                         * @example 2027-01-31T08:00:00Z
                         */
                        starts_at?: string;
                    }[];
                    email?: string | null;
                    /** @description Whether the address is known to be theirs */
                    email_verified?: boolean;
                    external_id?: string | null;
                    family_name?: string | null;
                    full_name?: string | null;
                    given_name?: string | null;
                    /**
                     * @description BCP 47
                     * @example fr-CH
                     */
                    locale?: string | null;
                    /**
                     * @description What applications keep with the person: at most 16 KB
                     * @example {
                     *       "room": "12"
                     *     }
                     */
                    metadata?: {
                        [key: string]: unknown;
                    };
                    mfa_required?: boolean;
                    /** @description Held against the policy of passwords */
                    password?: string;
                    /**
                     * @description With its country code
                     * @example +41791234567
                     */
                    phone?: string | null;
                    phone_verified?: boolean;
                    /** @description An https address */
                    picture_url?: string | null;
                    /** @description Unique in the tenant, whatever its case */
                    username?: string | null;
                    /**
                     * @description IANA time zone
                     * @example Europe/Zurich
                     */
                    zoneinfo?: string | null;
                };
            };
        };
        responses: {
            /** @description Made */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["User"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "users.get": {
        parameters: {
            query?: {
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: never;
            path: {
                /** @description An id */
                user_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["User"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "users.delete": {
        parameters: {
            query?: {
                /** @description Say what would happen */
                dry_run?: boolean;
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: never;
            path: {
                /** @description An id */
                user_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "users.update": {
        parameters: {
            query?: {
                /** @description Say what would happen */
                dry_run?: boolean;
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: {
                /** @description The ETag that you have seen */
                "If-Match"?: string;
            };
            path: {
                /** @description An id */
                user_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    email?: string | null;
                    /** @description Whether the address is known to be theirs */
                    email_verified?: boolean;
                    external_id?: string | null;
                    family_name?: string | null;
                    full_name?: string | null;
                    given_name?: string | null;
                    /**
                     * @description What applications keep with the person: at most 16 KB
                     * @example {
                     *       "room": "12"
                     *     }
                     */
                    metadata?: {
                        [key: string]: unknown;
                    };
                    mfa_required?: boolean;
                    /**
                     * @description With its country code
                     * @example +41791234567
                     */
                    phone?: string | null;
                    phone_verified?: boolean;
                    /** @description An https address */
                    picture_url?: string | null;
                    /** @description Unique in the tenant, whatever its case */
                    username?: string | null;
                };
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["User"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            412: components["responses"]["PreconditionFailed"];
            422: components["responses"]["UnprocessableEntity"];
            428: components["responses"]["PreconditionRequired"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "users.access": {
        parameters: {
            query?: {
                /** @description What held at that moment, as it would have been answered then; of one that is still to come: what will hold, by what is known now. Default: now */
                at?: string;
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: never;
            path: {
                /** @description An id */
                user_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Access"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "users.why": {
        parameters: {
            query?: {
                /** @description The `next` of the page before */
                after?: string;
                /** @description What held at that moment, as it would have been answered then; of one that is still to come: what will hold, by what is known now. Default: now */
                at?: string;
                /** @description Only by roles that carry it */
                capability?: string;
                /** @description How many at the most */
                limit?: number;
                /** @description Where it has to count: held there, or above */
                org_node_id?: string;
                /** @description An id */
                role_id?: string;
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: never;
            path: {
                /** @description An id */
                user_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["AccessChain"][];
                        next: string | null;
                    };
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "users.activate": {
        parameters: {
            query?: {
                /** @description Say what would happen */
                dry_run?: boolean;
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: never;
            path: {
                /** @description An id */
                user_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["User"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "users.deactivate": {
        parameters: {
            query?: {
                /** @description Say what would happen */
                dry_run?: boolean;
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: never;
            path: {
                /** @description An id */
                user_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["User"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "users.deletion.get": {
        parameters: {
            query?: {
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: never;
            path: {
                /** @description An id */
                user_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OwnDeletion"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "users.deletion.cancel": {
        parameters: {
            query?: {
                /** @description Say what would happen */
                dry_run?: boolean;
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: never;
            path: {
                /** @description An id */
                user_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "users.effects": {
        parameters: {
            query?: {
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: never;
            path: {
                /** @description An id */
                user_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Effects"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "users.erase": {
        parameters: {
            query?: {
                /** @description Say what would happen */
                dry_run?: boolean;
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: never;
            path: {
                /** @description An id */
                user_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "users.export": {
        parameters: {
            query?: {
                /** @description Say what would happen */
                dry_run?: boolean;
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: never;
            path: {
                /** @description An id */
                user_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HeldOnPerson"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "users.factors.list": {
        parameters: {
            query?: {
                /** @description The `next` of the page before */
                after?: string;
                /** @description How many at the most */
                limit?: number;
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: never;
            path: {
                /** @description An id */
                user_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["Factor"][];
                        next: string | null;
                    };
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "users.factors.reset": {
        parameters: {
            query?: {
                /** @description Say what would happen */
                dry_run?: boolean;
                /** @description This kind alone; the others stay */
                kind?: "totp" | "security_key";
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: never;
            path: {
                /** @description An id */
                user_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["FactorReset"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "users.grants.list": {
        parameters: {
            query?: {
                /** @description The `next` of the page before */
                after?: string;
                /** @description How many at the most */
                limit?: number;
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: never;
            path: {
                /** @description An id */
                user_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["Grant"][];
                        next: string | null;
                    };
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "users.grants.withdraw": {
        parameters: {
            query?: {
                /** @description Say what would happen */
                dry_run?: boolean;
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: never;
            path: {
                /** @description Grant id */
                grant_id: string;
                /** @description An id */
                user_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "users.identities.list": {
        parameters: {
            query?: {
                /** @description The `next` of the page before */
                after?: string;
                /** @description How many at the most */
                limit?: number;
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: never;
            path: {
                /** @description An id */
                user_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["Identity"][];
                        next: string | null;
                    };
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "users.identities.add": {
        parameters: {
            query?: {
                /** @description Say what would happen */
                dry_run?: boolean;
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: {
                /** @description The same key gets the same answer for 24 hours */
                "Idempotency-Key"?: string;
            };
            path: {
                /** @description An id */
                user_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /**
                     * @description The key of an identity provider
                     * @example google
                     */
                    provider: string;
                    /** @description What the provider calls the person: `sub` of its ID tokens */
                    subject: string;
                };
            };
        };
        responses: {
            /** @description Made */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Identity"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "users.identities.remove": {
        parameters: {
            query?: {
                /** @description Say what would happen */
                dry_run?: boolean;
                /** @description Also where nothing else lets the person in */
                last_way?: "true" | "false";
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: never;
            path: {
                /** @description The key of an identity provider */
                provider: string;
                /** @description An id */
                user_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "users.passkeys.list": {
        parameters: {
            query?: {
                /** @description The `next` of the page before */
                after?: string;
                /** @description How many at the most */
                limit?: number;
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: never;
            path: {
                /** @description An id */
                user_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["Passkey"][];
                        next: string | null;
                    };
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "users.passkeys.remove": {
        parameters: {
            query?: {
                /** @description Say what would happen */
                dry_run?: boolean;
                /** @description Also where nothing else lets the person in */
                last_way?: "true" | "false";
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: never;
            path: {
                /** @description An id */
                passkey_id: string;
                /** @description An id */
                user_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "users.set_password": {
        parameters: {
            query?: {
                /** @description Say what would happen */
                dry_run?: boolean;
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: never;
            path: {
                /** @description An id */
                user_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @description Held against the policy of passwords */
                    password: string;
                };
            };
        };
        responses: {
            /** @description Done */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "users.send_recovery": {
        parameters: {
            query?: {
                /** @description Say what would happen */
                dry_run?: boolean;
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: never;
            path: {
                /** @description An id */
                user_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /**
                     * @default email
                     * @enum {string}
                     */
                    channel?: "email" | "sms" | "whatsapp";
                };
            };
        };
        responses: {
            /** @description Done */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SentRecovery"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "referrals.get_code": {
        parameters: {
            query?: {
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: never;
            path: {
                /** @description An id */
                user_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ListedReferralCode"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "referrals.ensure_code": {
        parameters: {
            query?: {
                /** @description Say what would happen */
                dry_run?: boolean;
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: never;
            path: {
                /** @description An id */
                user_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ReferralCode"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "referrals.change_code": {
        parameters: {
            query?: {
                /** @description Say what would happen */
                dry_run?: boolean;
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: never;
            path: {
                /** @description An id */
                user_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @description From when on it counts for nothing; null: never */
                    expires_at?: string | null;
                    is_active?: boolean;
                };
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ReferralCode"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "users.remembered_devices.list": {
        parameters: {
            query?: {
                /** @description The `next` of the page before */
                after?: string;
                /** @description How many at the most */
                limit?: number;
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: never;
            path: {
                /** @description An id */
                user_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["RememberedDevice"][];
                        next: string | null;
                    };
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "users.remembered_devices.forget": {
        parameters: {
            query?: {
                /** @description Say what would happen */
                dry_run?: boolean;
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: never;
            path: {
                /** @description An id */
                user_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "sessions.list": {
        parameters: {
            query?: {
                /** @description The `next` of the page before */
                after?: string;
                /** @description How many at the most */
                limit?: number;
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: never;
            path: {
                /** @description An id */
                user_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["Session"][];
                        next: string | null;
                    };
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "sessions.end_all": {
        parameters: {
            query?: {
                /** @description Say what would happen */
                dry_run?: boolean;
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: never;
            path: {
                /** @description An id */
                user_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "users.settings.get": {
        parameters: {
            query?: {
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: never;
            path: {
                /** @description An id */
                user_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UserSettings"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "users.settings.update": {
        parameters: {
            query?: {
                /** @description Say what would happen */
                dry_run?: boolean;
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: {
                /** @description The ETag that you have seen */
                "If-Match"?: string;
            };
            path: {
                /** @description An id */
                user_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /**
                     * @description BCP 47
                     * @example fr-CH
                     */
                    locale?: string | null;
                    notify_by_email?: boolean;
                    notify_in_app?: boolean;
                    /** @enum {string} */
                    theme?: "light" | "dark" | "system";
                    /**
                     * @description IANA time zone
                     * @example Europe/Zurich
                     */
                    zoneinfo?: string | null;
                };
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UserSettings"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            412: components["responses"]["PreconditionFailed"];
            422: components["responses"]["UnprocessableEntity"];
            428: components["responses"]["PreconditionRequired"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "users.sign_in_checks": {
        parameters: {
            query?: {
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: never;
            path: {
                /** @description An id */
                user_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SignInChecks"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "users.token_preview": {
        parameters: {
            query: {
                /** @description What held at that moment, as it would have been answered then; of one that is still to come: what will hold, by what is known now. Default: now */
                at?: string;
                /** @description The application that asks */
                client_id: string;
                /** @description As the application would send it: it takes its share of the size */
                nonce?: string;
                /** @description The place that the access token is narrowed to */
                org_node_id?: string;
                /** @description The identifier of the API that the access token is for */
                resource?: string;
                /** @description Separated by spaces */
                scope?: string;
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: never;
            path: {
                /** @description An id */
                user_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TokenPreview"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "users.unlock": {
        parameters: {
            query?: {
                /** @description Say what would happen */
                dry_run?: boolean;
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: never;
            path: {
                /** @description An id */
                user_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "users.export_all": {
        parameters: {
            query?: {
                /** @description Say what would happen */
                dry_run?: boolean;
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/x-ndjson": components["schemas"]["ExportedPerson"];
                };
            };
            /** @description Nothing is told in a dry run */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "users.import": {
        parameters: {
            query?: {
                /** @description Say what would happen */
                dry_run?: boolean;
                /** @description What the rows were made of, for the audit trail */
                format?: string;
                /** @description Another tenant than your own */
                tenant?: string;
                /** @description Take passwords that were hashed by plain SHA as well */
                weak_hashes?: "true" | "false";
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/x-ndjson": components["schemas"]["ImportedPerson"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/x-ndjson": components["schemas"]["ImportResult"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "users.search": {
        parameters: {
            query?: {
                /** @description As of RFC 7644 section 3.4.2.2, by the names of SCIM */
                filter?: string;
                /** @description 0: to count alone */
                limit?: number;
                /** @description The first one, from 1 */
                start?: number;
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["FoundUsers"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "visibility_grants.list": {
        parameters: {
            query?: {
                /** @description The `next` of the page before */
                after?: string;
                /** @description How many at the most */
                limit?: number;
                /** @description An id */
                org_node_id?: string;
                /** @description State */
                state?: "live" | "coming" | "ended";
                /** @description Another tenant than your own */
                tenant?: string;
                /** @description An id */
                user_id?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["ListedVisibilityGrant"][];
                        next: string | null;
                    };
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "visibility_grants.create": {
        parameters: {
            query?: {
                /** @description Say what would happen */
                dry_run?: boolean;
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: {
                /** @description The same key gets the same answer for 24 hours */
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @enum {string} */
                    access_scope: "read" | "analyze";
                    /** @description The first moment at which it no longer holds; absent: until further notice */
                    ends_at?: string | null;
                    /**
                     * Format: uuid
                     * @description An id
                     * @example 01890a5d-ac96-774b-bcce-b302099a8057
                     */
                    org_node_id: string;
                    /**
                     * Format: date-time
                     * @description Default: now
                     * @example 2027-01-31T08:00:00Z
                     */
                    starts_at?: string;
                    /**
                     * Format: uuid
                     * @description An id
                     * @example 01890a5d-ac96-774b-bcce-b302099a8057
                     */
                    user_id: string;
                };
            };
        };
        responses: {
            /** @description Made */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["VisibilityGrant"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "visibility_grants.get": {
        parameters: {
            query?: {
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: never;
            path: {
                /** @description An id */
                visibility_grant_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["VisibilityGrant"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "visibility_grants.end": {
        parameters: {
            query?: {
                /** @description Say what would happen */
                dry_run?: boolean;
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: never;
            path: {
                /** @description An id */
                visibility_grant_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /**
                     * Format: date-time
                     * @description A time as of RFC 3339
                     * @example 2027-01-31T08:00:00Z
                     */
                    ends_at?: string;
                };
            };
        };
        responses: {
            /** @description Done */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "webhooks.list": {
        parameters: {
            query?: {
                /** @description The `next` of the page before */
                after?: string;
                /** @description How many at the most */
                limit?: number;
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["Webhook"][];
                        next: string | null;
                    };
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "webhooks.create": {
        parameters: {
            query?: {
                /** @description Say what would happen */
                dry_run?: boolean;
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: {
                /** @description The same key gets the same answer for 24 hours */
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    name: string;
                    /**
                     * @description The types of events that it is told; none: all, those of later versions too
                     * @default []
                     */
                    types?: ("session.ended" | "sessions.ended" | "credential.changed" | "user.created" | "user.updated" | "user.activated" | "user.deactivated" | "user.deleted" | "user.erased" | "invitation.accepted" | "consent.withdrawn" | "role.assigned" | "role.begun" | "role.rescheduled" | "role.ended" | "visibility.granted" | "visibility.begun" | "visibility.rescheduled" | "visibility.ended" | "role.changed" | "role.deleted" | "org_node.moved" | "org_node.activated" | "org_node.deactivated" | "org_node.deleted" | "api_key.ended" | "tenant.activated" | "tenant.suspended" | "tenant.moved")[];
                    /**
                     * @description Where events are posted to; https
                     * @example https://example.com/hooks
                     */
                    url: string;
                };
            };
        };
        responses: {
            /** @description Made */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NewWebhook"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "webhooks.get": {
        parameters: {
            query?: {
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: never;
            path: {
                /** @description An id */
                webhook_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Webhook"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "webhooks.delete": {
        parameters: {
            query?: {
                /** @description Say what would happen */
                dry_run?: boolean;
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: never;
            path: {
                /** @description An id */
                webhook_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "webhooks.update": {
        parameters: {
            query?: {
                /** @description Say what would happen */
                dry_run?: boolean;
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: never;
            path: {
                /** @description An id */
                webhook_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    name?: string;
                    /** @description The types of events that it is told; none: all, those of later versions too */
                    types?: ("session.ended" | "sessions.ended" | "credential.changed" | "user.created" | "user.updated" | "user.activated" | "user.deactivated" | "user.deleted" | "user.erased" | "invitation.accepted" | "consent.withdrawn" | "role.assigned" | "role.begun" | "role.rescheduled" | "role.ended" | "visibility.granted" | "visibility.begun" | "visibility.rescheduled" | "visibility.ended" | "role.changed" | "role.deleted" | "org_node.moved" | "org_node.activated" | "org_node.deactivated" | "org_node.deleted" | "api_key.ended" | "tenant.activated" | "tenant.suspended" | "tenant.moved")[];
                    /**
                     * @description Where events are posted to; https
                     * @example https://example.com/hooks
                     */
                    url?: string;
                };
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Webhook"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "webhooks.deliveries.list": {
        parameters: {
            query?: {
                /** @description The `next` of the page before */
                after?: string;
                /** @description How many at the most */
                limit?: number;
                /** @description State */
                state?: "waiting" | "delivered" | "failed";
                /** @description Another tenant than your own */
                tenant?: string;
                /** @description Type */
                type?: "session.ended" | "sessions.ended" | "credential.changed" | "user.created" | "user.updated" | "user.activated" | "user.deactivated" | "user.deleted" | "user.erased" | "invitation.accepted" | "consent.withdrawn" | "role.assigned" | "role.begun" | "role.rescheduled" | "role.ended" | "visibility.granted" | "visibility.begun" | "visibility.rescheduled" | "visibility.ended" | "role.changed" | "role.deleted" | "org_node.moved" | "org_node.activated" | "org_node.deactivated" | "org_node.deleted" | "api_key.ended" | "tenant.activated" | "tenant.suspended" | "tenant.moved" | "verification" | "stream.updated" | "ping";
            };
            header?: never;
            path: {
                /** @description An id */
                webhook_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["WebhookDelivery"][];
                        next: string | null;
                    };
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "webhooks.deliveries.get": {
        parameters: {
            query?: {
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: never;
            path: {
                /** @description An id */
                delivery_id: string;
                /** @description An id */
                webhook_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WebhookDelivery"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "webhooks.deliveries.replay": {
        parameters: {
            query?: {
                /** @description Say what would happen */
                dry_run?: boolean;
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: never;
            path: {
                /** @description An id */
                delivery_id: string;
                /** @description An id */
                webhook_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @description How many will be sent again */
                        count: number;
                    };
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "webhooks.disable": {
        parameters: {
            query?: {
                /** @description Say what would happen */
                dry_run?: boolean;
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: never;
            path: {
                /** @description An id */
                webhook_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Webhook"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "webhooks.enable": {
        parameters: {
            query?: {
                /** @description Say what would happen */
                dry_run?: boolean;
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: never;
            path: {
                /** @description An id */
                webhook_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Webhook"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "webhooks.pause": {
        parameters: {
            query?: {
                /** @description Say what would happen */
                dry_run?: boolean;
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: never;
            path: {
                /** @description An id */
                webhook_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Webhook"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "webhooks.ping": {
        parameters: {
            query?: {
                /** @description Say what would happen */
                dry_run?: boolean;
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: never;
            path: {
                /** @description An id */
                webhook_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "webhooks.replay": {
        parameters: {
            query?: {
                /** @description Say what would happen */
                dry_run?: boolean;
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: never;
            path: {
                /** @description An id */
                webhook_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /**
                     * Format: date-time
                     * @description A time as of RFC 3339
                     * @example 2027-01-31T08:00:00Z
                     */
                    since: string;
                };
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @description How many will be sent again */
                        count: number;
                    };
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "webhooks.rotate": {
        parameters: {
            query?: {
                /** @description Say what would happen */
                dry_run?: boolean;
                /** @description Another tenant than your own */
                tenant?: string;
            };
            header?: {
                /** @description The same key gets the same answer for 24 hours */
                "Idempotency-Key"?: string;
            };
            path: {
                /** @description An id */
                webhook_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @default 86400 */
                    overlap_seconds?: number;
                };
            };
        };
        responses: {
            /** @description Made */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NewWebhook"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
}
