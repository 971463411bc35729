/**
 * Environment -> one frozen, typed object. `process.env` is read nowhere else. Every fault is named at once; in
 * production anything insecure is a fault.
 */
import { resolve } from 'node:path';
import { z } from 'zod';
import { checkMail, checkPhone, type MailConfig, messagesOf, type PhoneConfig } from './message-variables.ts';
import type { Brand } from './platform/brand.ts';
import { brandOf, brandVariables } from './platform/environment/brand-variables.ts';
import {
  checkDatabase,
  type DatabaseConfig,
  databaseOf,
  databaseVariables,
} from './platform/environment/database-variables.ts';
import { developmentSecretKey } from './platform/environment/development-secret-key.ts';
import {
  checkCertificateHeaders,
  checkIssuer,
  isTooWide,
  looksLikeASample,
} from './platform/environment/environment-checks.ts';
import { countries, header, integer, networks, text } from './platform/environment/environment-forms.ts';
import { secretFileVariables, withSecretFiles } from './platform/environment/secret-files.ts';
import {
  checkTelemetry,
  type MetricsPushConfig,
  metricsPushOf,
  type TracingConfig,
  telemetryVariables,
  tracingOf,
} from './platform/environment/telemetry-variables.ts';

/** The variables of this process. */
export const variables: NodeJS.ProcessEnv = process.env;

const floor = { argon2MemoryKiB: 19_456, argon2Iterations: 2, argon2Parallelism: 1 };

/** The variables, their form and their defaults. README.md lists them; a test holds the two together. */
export const environmentSchema = z.object({
  NODE_ENV: z
    .enum(['development', 'test', 'production'], 'must be development, test or production')
    .default('development'),
  PORT: integer(0, 65_535, 3000),
  HOST: text,
  KEEP_ALIVE_SECONDS: integer(1, 3_600, 130),
  DRAIN_SECONDS: integer(0, 600, 0),
  ISSUER: text,
  ISSUER_PREVIOUS: text,
  DATA_DIR: z.string().default('.data'),
  ...databaseVariables,
  SECRET_KEY: text,
  SECRET_KEY_PREVIOUS: text,
  WORKERS: integer(1, 64, 1),
  METRICS_PORT: integer(0, 65_535, 9464),
  METRICS_HOST: z.string().default('127.0.0.1'),
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
  TRUSTED_PROXIES: networks,
  CLIENT_CERTIFICATE_HEADER: header,
  CLIENT_CERTIFICATE_VERIFIED_HEADER: header,
  MTLS_ORIGIN: text,
  OUTBOUND_ALLOWED_NETWORKS: networks,
  TRUSTED_NETWORKS: networks,
  SIGN_IN_FAILURES_PER_ADDRESS: integer(1, 1_000_000, 100),
  CODES_PER_ADDRESS: integer(1, 1_000_000, 300),
  OPEN_SIGN_INS_PER_ADDRESS: integer(1, 1_000_000, 500),
  ARGON2_MEMORY_KIB: integer(1, 4_194_304, floor.argon2MemoryKiB),
  ARGON2_ITERATIONS: integer(1, 100, floor.argon2Iterations),
  ARGON2_PARALLELISM: integer(1, 16, floor.argon2Parallelism),
  SESSION_HOURS: integer(1, 2_160, 336),
  ACCESS_TOKEN_MINUTES: integer(1, 1_440, 10),
  ACCESS_TOKEN_MAX_BYTES: integer(1_024, 65_536, 2_048),
  REFRESH_TOKEN_IDLE_DAYS: integer(1, 365, 14),
  REFRESH_TOKEN_ABSOLUTE_DAYS: integer(1, 730, 90),
  SIGNING_KEY_ROTATION_DAYS: integer(1, 730, 90),
  AUDIT_RETENTION_DAYS: integer(30, 3_650, 180),
  SMTP_URL: text,
  MAIL_FROM: text,
  EMAIL_DAILY_BUDGET: integer(1, 10_000_000, 20_000),
  TWILIO_ACCOUNT_SID: text,
  TWILIO_AUTH_TOKEN: text,
  TWILIO_SMS_FROM: text,
  TWILIO_WHATSAPP_FROM: text,
  TWILIO_WHATSAPP_CONTENT_SID: text,
  TWILIO_BASE_URL: z.string().default('https://api.twilio.com'),
  PHONE_COUNTRIES: countries,
  PHONE_DAILY_BUDGET: integer(1, 10_000_000, 1_000),
  ...brandVariables,
  ...telemetryVariables,
  ...secretFileVariables,
});

export interface Config {
  readonly environment: 'development' | 'test' | 'production';
  readonly isProduction: boolean;
  /** The issuer identifier, without a trailing slash (RFC 8414 section 2). */
  readonly issuer: string;
  /** The issuer that the database may still belong to: `issuer` takes its place at the next start. */
  readonly previousIssuer: string | undefined;
  readonly listen: {
    readonly host: string;
    readonly port: number;
    /** How long an idle connection stays open. */
    readonly keepAliveSeconds: number;
    /** How long a process that was told to stop still answers, until balancers send it nothing more. */
    readonly drainSeconds: number;
  };
  readonly dataDirectory: string;
  readonly database: DatabaseConfig;
  /** Newest first. */
  readonly secretKeys: readonly string[];
  readonly workers: number;
  readonly metrics: {
    readonly host: string;
    readonly port: number;
    /** Absent: they are told to nobody who does not ask. */
    readonly push: MetricsPushConfig | undefined;
  };
  readonly logLevel: string;
  /** Absent: nothing is traced. */
  readonly tracing: TracingConfig | undefined;
  readonly trustedProxies: readonly string[];
  /** Headers of the proxies, for mutual TLS (RFC 8705); absent: there is none. `origin`: where the proxy asks for a certificate. */
  readonly clientCertificates: {
    readonly certificate: string | undefined;
    readonly verified: string | undefined;
    readonly origin: string | undefined;
  };
  readonly outboundAllowedNetworks: readonly string[];
  /** What is let through from one address. */
  readonly addressLimits: {
    /** Not limited by address. */
    readonly trustedNetworks: readonly string[];
    /** Wrong passwords in ten minutes. */
    readonly signInFailures: number;
    /** Codes and links in an hour that nobody used. */
    readonly codes: number;
    /** Sign-ins in an hour that were begun and not ended. */
    readonly openSignIns: number;
  };
  readonly argon2: { readonly memoryKiB: number; readonly iterations: number; readonly parallelism: number };
  readonly lifetimes: {
    readonly sessionSeconds: number;
    readonly accessTokenSeconds: number;
    readonly refreshTokenIdleSeconds: number;
    readonly refreshTokenAbsoluteSeconds: number;
  };
  /** Of a JWT access token; what does not fit becomes distributed claims. */
  readonly accessTokenMaxBytes: number;
  readonly signingKeyRotationDays: number;
  readonly auditRetentionDays: number;
  /** The server's own look; a tenant has one beside. */
  readonly brand: Readonly<Brand>;
  readonly mail: MailConfig;
  readonly phone: PhoneConfig;
}

/** Thrown with every fault of the environment, one a line. */
export class ConfigError extends Error {
  readonly faults: readonly string[];

  constructor(faults: readonly string[]) {
    super(
      `The configuration has ${faults.length === 1 ? 'a fault' : `${faults.length} faults`}:\n${faults.map((fault) => `  - ${fault}`).join('\n')}`,
    );
    this.name = 'ConfigError';
    this.faults = faults;
  }
}

type Environment = z.output<typeof environmentSchema>;

/** Reads each variable by its form. What could not be read stands in with its default, so that the checks can still name their faults. */
function readEnvironment(given: NodeJS.ProcessEnv, faults: string[]): Environment {
  const parsed = environmentSchema.safeParse(given);
  if (parsed.success) return parsed.data;
  const { issues } = parsed.error;
  faults.push(...issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`));
  const readable = Object.entries(given).filter(([name]) => !issues.some((issue) => issue.path[0] === name));
  return environmentSchema.parse(Object.fromEntries(readable));
}

function issuerOf(env: Environment, production: boolean, faults: string[]): string {
  if (production && env.ISSUER === undefined)
    faults.push('ISSUER: is required in production, for example https://id.example.org');
  return env.ISSUER === undefined ? `http://localhost:${env.PORT}` : checkIssuer(env.ISSUER, production, faults);
}

/** @returns the keys that secrets may still be under */
function checkSecretKeys(env: Environment, production: boolean, faults: string[]): string[] {
  if (env.SECRET_KEY !== undefined) {
    if (env.SECRET_KEY.length < 32)
      faults.push('SECRET_KEY: must have at least 32 characters; make one with: openssl rand -base64 48');
    else if (production && looksLikeASample(env.SECRET_KEY))
      faults.push('SECRET_KEY: looks like a sample; make one with: openssl rand -base64 48');
  } else if (production) faults.push('SECRET_KEY: is required in production; make one with: openssl rand -base64 48');
  const previousKeys = (env.SECRET_KEY_PREVIOUS ?? '')
    .split(',')
    .map((key) => key.trim())
    .filter(Boolean);
  if (previousKeys.some((key) => key.length < 32))
    faults.push('SECRET_KEY_PREVIOUS: each key must have at least 32 characters');
  return previousKeys;
}

function certificatesOf(env: Environment): Config['clientCertificates'] {
  const { CLIENT_CERTIFICATE_HEADER: certificate, CLIENT_CERTIFICATE_VERIFIED_HEADER: verified } = env;
  return { certificate, verified, origin: env.MTLS_ORIGIN?.replace(/\/$/, '') };
}

function checkBounds(env: Environment, faults: string[]): void {
  if (env.TRUSTED_NETWORKS.some(isTooWide))
    faults.push('TRUSTED_NETWORKS: a network that holds every address leaves nobody limited; name your networks');
  if (env.TRUSTED_PROXIES.some(isTooWide))
    faults.push('TRUSTED_PROXIES: a network that holds every address trusts nobody in particular; name your proxies');
  checkCertificateHeaders(certificatesOf(env), env.TRUSTED_PROXIES, faults);
  if (env.ARGON2_MEMORY_KIB < floor.argon2MemoryKiB && env.NODE_ENV !== 'test')
    faults.push(`ARGON2_MEMORY_KIB: must be at least ${floor.argon2MemoryKiB}`);
  if (env.ARGON2_ITERATIONS < floor.argon2Iterations && env.NODE_ENV !== 'test')
    faults.push(`ARGON2_ITERATIONS: must be at least ${floor.argon2Iterations}`);
  if (env.REFRESH_TOKEN_ABSOLUTE_DAYS < env.REFRESH_TOKEN_IDLE_DAYS)
    faults.push('REFRESH_TOKEN_ABSOLUTE_DAYS: must not be less than REFRESH_TOKEN_IDLE_DAYS');
}

/**
 * Parses the environment.
 * @throws ConfigError naming every fault
 */
export function loadConfig(environment: NodeJS.ProcessEnv = variables): Config {
  const faults: string[] = [];
  const given = withSecretFiles(
    Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== undefined && value.trim() !== '')),
    faults,
  );
  const env = readEnvironment(given, faults);
  const production = env.NODE_ENV === 'production';
  const dataDirectory = resolve(env.DATA_DIR);
  const issuer = issuerOf(env, production, faults);
  const ca = checkDatabase(env, production, faults);
  const previousKeys = checkSecretKeys(env, production, faults);
  checkBounds(env, faults);
  checkMail(env, production, faults);
  checkPhone(env, given, production, faults);
  checkTelemetry(env, production, faults);
  if (faults.length > 0) throw new ConfigError(faults);

  return deepFreeze({
    environment: env.NODE_ENV,
    isProduction: production,
    issuer,
    previousIssuer: env.ISSUER_PREVIOUS?.replace(/\/$/, ''),
    listen: {
      host: env.HOST ?? (production ? '0.0.0.0' : '127.0.0.1'),
      port: env.PORT,
      keepAliveSeconds: env.KEEP_ALIVE_SECONDS,
      drainSeconds: env.DRAIN_SECONDS,
    },
    dataDirectory,
    database: databaseOf(env, ca, production),
    secretKeys: [env.SECRET_KEY ?? developmentSecretKey(dataDirectory), ...previousKeys],
    workers: env.WORKERS,
    metrics: { host: env.METRICS_HOST, port: env.METRICS_PORT, push: metricsPushOf(env) },
    logLevel: env.LOG_LEVEL,
    tracing: tracingOf(env),
    trustedProxies: env.TRUSTED_PROXIES,
    clientCertificates: certificatesOf(env),
    // In development the applications are on this machine, and want to hear of a logout.
    outboundAllowedNetworks:
      env.NODE_ENV === 'development' && given.OUTBOUND_ALLOWED_NETWORKS === undefined
        ? ['127.0.0.0/8', '::1/128']
        : env.OUTBOUND_ALLOWED_NETWORKS,
    brand: brandOf(env),
    ...limitsOf(env),
    ...messagesOf(env, issuer),
  });
}

function limitsOf(
  env: Environment,
): Pick<
  Config,
  'addressLimits' | 'argon2' | 'lifetimes' | 'accessTokenMaxBytes' | 'signingKeyRotationDays' | 'auditRetentionDays'
> {
  return {
    addressLimits: {
      trustedNetworks: env.TRUSTED_NETWORKS,
      signInFailures: env.SIGN_IN_FAILURES_PER_ADDRESS,
      codes: env.CODES_PER_ADDRESS,
      openSignIns: env.OPEN_SIGN_INS_PER_ADDRESS,
    },
    argon2: {
      memoryKiB: env.ARGON2_MEMORY_KIB,
      iterations: env.ARGON2_ITERATIONS,
      parallelism: env.ARGON2_PARALLELISM,
    },
    lifetimes: {
      sessionSeconds: env.SESSION_HOURS * 3600,
      accessTokenSeconds: env.ACCESS_TOKEN_MINUTES * 60,
      refreshTokenIdleSeconds: env.REFRESH_TOKEN_IDLE_DAYS * 86_400,
      refreshTokenAbsoluteSeconds: env.REFRESH_TOKEN_ABSOLUTE_DAYS * 86_400,
    },
    accessTokenMaxBytes: env.ACCESS_TOKEN_MAX_BYTES,
    signingKeyRotationDays: env.SIGNING_KEY_ROTATION_DAYS,
    auditRetentionDays: env.AUDIT_RETENTION_DAYS,
  };
}

function deepFreeze<T extends object>(value: T): T {
  for (const inner of Object.values(value)) if (typeof inner === 'object' && inner !== null) deepFreeze(inner);
  return Object.freeze(value);
}
