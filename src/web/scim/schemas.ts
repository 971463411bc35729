/**
 * What this door knows of the schemas of SCIM (RFC 7643 sections 4 to 8): the attributes of people and groups, in the form in
 * which `/Schemas` publishes them. Names are compared without case; what stands here in no list is not taken and not kept.
 */
export const coreUser = 'urn:ietf:params:scim:schemas:core:2.0:User';
export const coreGroup = 'urn:ietf:params:scim:schemas:core:2.0:Group';
export const enterpriseUser = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';
/** Ours: which role at which place a group stands for. */
export const placeGroup = 'urn:ietf:params:scim:schemas:extension:gatehouse:2.0:Group';

export interface Attribute {
  name: string;
  type: 'string' | 'boolean' | 'dateTime' | 'reference' | 'complex';
  multiValued: boolean;
  description: string;
  required: boolean;
  caseExact: boolean;
  mutability: 'readWrite' | 'readOnly' | 'immutable';
  returned: 'default' | 'always' | 'request';
  uniqueness: 'none' | 'server';
  subAttributes?: Attribute[];
  referenceTypes?: string[];
}

export interface Schema {
  id: string;
  name: string;
  description: string;
  attributes: Attribute[];
}

type More = Partial<Omit<Attribute, 'name' | 'description'>>;

function attribute(name: string, description: string, more: More = {}): Attribute {
  return {
    name,
    type: more.subAttributes ? 'complex' : 'string',
    multiValued: false,
    description,
    required: false,
    caseExact: false,
    mutability: 'readWrite',
    returned: 'default',
    uniqueness: 'none',
    ...more,
  };
}

const readOnly = { mutability: 'readOnly' } as const;

/** Values with a kind, as most of several are. */
function several(name: string, description: string, sub: Attribute[] = []): Attribute {
  const subAttributes = [
    attribute('value', 'The value'),
    attribute('type', 'Its kind, such as work or home'),
    attribute('primary', 'Whether it is the first one', { type: 'boolean' }),
    attribute('display', 'As it is shown'),
    ...sub,
  ];
  return attribute(name, description, { multiValued: true, subAttributes });
}

const reference = (types: string[], more: More = {}) =>
  attribute('$ref', 'Its address', { type: 'reference', referenceTypes: types, caseExact: true, ...more });

export const userSchema: Schema = {
  id: coreUser,
  name: 'User',
  description: 'A person',
  attributes: [
    attribute('userName', 'What the person signs in with: a username, or an address', {
      required: true,
      uniqueness: 'server',
    }),
    attribute('name', 'What the person is called, in parts', {
      subAttributes: [
        attribute('formatted', 'The whole name'),
        attribute('familyName', 'The family name'),
        attribute('givenName', 'The given name'),
        attribute('middleName', 'Further names'),
        attribute('honorificPrefix', 'What stands before the name'),
        attribute('honorificSuffix', 'What stands behind it'),
      ],
    }),
    attribute('displayName', 'The name as it is shown'),
    attribute('nickName', 'What friends say'),
    attribute('profileUrl', 'An address about the person', { type: 'reference', referenceTypes: ['external'] }),
    attribute('title', 'What they are in the organisation'),
    attribute('userType', 'How they belong to it'),
    attribute('preferredLanguage', 'The language that they prefer'),
    attribute('locale', 'The language and region in which they are addressed (BCP 47)'),
    attribute('timezone', 'Their time zone, of the IANA list'),
    attribute('active', 'Whether they may sign in', { type: 'boolean' }),
    several('emails', 'Addresses; one of them is the account’s'),
    several('phoneNumbers', 'Numbers; the mobile one is the account’s'),
    several('ims', 'Names in messengers'),
    several('photos', 'Pictures'),
    attribute('addresses', 'Where letters go', {
      multiValued: true,
      subAttributes: [
        ...['formatted', 'streetAddress', 'locality', 'region', 'postalCode', 'country', 'type'].map((name) =>
          attribute(name, 'Part of an address'),
        ),
        attribute('primary', 'Whether it is the first one', { type: 'boolean' }),
      ],
    }),
    attribute('groups', 'Groups that they are in; changed by the group', {
      ...readOnly,
      multiValued: true,
      subAttributes: [
        attribute('value', 'The id of the group', readOnly),
        reference(['Group'], readOnly),
        attribute('display', 'Its name', readOnly),
        attribute('type', 'Always direct', readOnly),
      ],
    }),
    ...['entitlements', 'roles'].map((name) =>
      several(name, 'Kept, and without effect here: roles are given by groups'),
    ),
  ],
};

export const enterpriseSchema: Schema = {
  id: enterpriseUser,
  name: 'EnterpriseUser',
  description: 'What an organisation tells of a person; kept, and without effect here',
  attributes: [
    attribute('employeeNumber', 'A number of the organisation’s own'),
    attribute('costCenter', 'A cost centre'),
    attribute('organization', 'An organisation'),
    attribute('division', 'A division'),
    attribute('department', 'A department'),
    attribute('manager', 'Who leads the person', {
      subAttributes: [
        attribute('value', 'The id of a person', { caseExact: true }),
        reference(['User']),
        attribute('displayName', 'Their name', readOnly),
      ],
    }),
  ],
};

export const groupSchema: Schema = {
  id: coreGroup,
  name: 'Group',
  description: 'A role at a place: who is in it holds the role there',
  attributes: [
    attribute('displayName', 'Its name. Of a new one: role@place, or that of a place', {
      required: true,
      uniqueness: 'server',
    }),
    attribute('members', 'Who is in it', {
      multiValued: true,
      subAttributes: [
        attribute('value', 'The id of a person', { caseExact: true, mutability: 'immutable' }),
        reference(['User'], { mutability: 'immutable' }),
        attribute('display', 'Their name', readOnly),
        attribute('type', 'Always User', { mutability: 'immutable' }),
      ],
    }),
  ],
};

export const placeSchema: Schema = {
  id: placeGroup,
  name: 'PlaceGroup',
  description: 'Which role at which place a group stands for; told when it is made, and not changed',
  attributes: [
    attribute('role', 'The name of the role', { mutability: 'immutable' }),
    attribute('roleId', 'Its id', { mutability: 'immutable', caseExact: true }),
    attribute('place', 'The place: its id, what another system calls it, or its name', { mutability: 'immutable' }),
    attribute('placeId', 'Its id', { mutability: 'immutable', caseExact: true }),
    attribute('type', '“role”; of a group that is a place’s own, what the place is, such as “school”', readOnly),
  ],
};

/** Every resource has them (RFC 7643 section 3.1). */
export const commonAttributes: Attribute[] = [
  attribute('id', 'Ours', { ...readOnly, caseExact: true, returned: 'always', uniqueness: 'server' }),
  attribute('externalId', 'Yours', { caseExact: true }),
  attribute('schemas', 'What it is made of', { multiValued: true, returned: 'always' }),
  attribute('meta', 'About it', {
    ...readOnly,
    subAttributes: ['resourceType', 'created', 'lastModified', 'location', 'version'].map((name) =>
      attribute(name, 'About it', readOnly),
    ),
  }),
];

/** What a resource is made of: its core and its extension. */
export interface ResourceType {
  name: 'User' | 'Group';
  /** Below the base address. */
  endpoint: string;
  description: string;
  core: Schema;
  extension: Schema;
}

export const userType: ResourceType = {
  name: 'User',
  endpoint: '/Users',
  description: 'People',
  core: userSchema,
  extension: enterpriseSchema,
};
export const groupType: ResourceType = {
  name: 'Group',
  endpoint: '/Groups',
  description: 'Roles at places',
  core: groupSchema,
  extension: placeSchema,
};

export const resourceTypes: readonly ResourceType[] = [userType, groupType];

function named(attributes: readonly Attribute[], name: string): Attribute | undefined {
  const wanted = name.toLowerCase();
  return attributes.find((one) => one.name.toLowerCase() === wanted);
}

/** Where an attribute is, by its name in whatever case, with or without the URN of its schema. */
export interface Place {
  /** The members of the resource down to it, as they are spelt. */
  steps: string[];
  attribute: Attribute;
}

/** Undefined for what is no attribute of the type. */
export function placeOf(type: ResourceType, path: string): Place | undefined {
  const lower = path.toLowerCase();
  const { core, extension } = type;
  for (const [schema, steps] of [
    [extension, [extension.id]],
    [core, []],
  ] as const) {
    const urn = `${schema.id.toLowerCase()}:`;
    if (lower.startsWith(urn)) return below(schema.attributes, path.slice(urn.length), [...steps]);
  }
  return below([...core.attributes, ...commonAttributes], path, []);
}

function below(attributes: readonly Attribute[], path: string, steps: string[]): Place | undefined {
  const [first = '', second, ...rest] = path.split('.');
  const found = named(attributes, first);
  if (!found || rest.length > 0) return undefined;
  if (second === undefined) return { steps: [...steps, found.name], attribute: found };
  const sub = named(found.subAttributes ?? [], second);
  return sub && { steps: [...steps, found.name, sub.name], attribute: sub };
}

export type Json = Record<string, unknown>;

export function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A value as its attribute has it: members that are not known are left out, and a lone value of several is a list. */
export function shaped(value: unknown, attribute: Attribute): unknown {
  if (value === null || value === undefined) return undefined;
  if (attribute.multiValued) {
    const values = (Array.isArray(value) ? value : [value]).map((one) => single(one, attribute));
    return values.filter((one) => one !== undefined);
  }
  return single(value, attribute);
}

function single(value: unknown, { name, type, subAttributes = [] }: Attribute): unknown {
  if (value === null || value === undefined) return undefined;
  if (type !== 'complex') return isObject(value) || Array.isArray(value) ? undefined : value;
  // Entra ID gives the id of a manager, and others a bare address.
  if (!isObject(value)) {
    const bare = named(subAttributes, 'value') && name !== 'name' && typeof value === 'string' && value !== '';
    return bare ? { value } : undefined;
  }
  const members = Object.entries(value).flatMap(([key, member]) => {
    const sub = named(subAttributes, key);
    const found = sub && shaped(member, sub);
    return sub && found !== undefined ? [[sub.name, found] as const] : [];
  });
  return members.length > 0 ? Object.fromEntries(members) : undefined;
}

/** A body as a resource of its type: known attributes alone, under their own names. */
export function readResource(type: ResourceType, body: Json): Json {
  const resource: Json = {};
  for (const [key, value] of Object.entries(body)) {
    if (key.toLowerCase() === type.extension.id.toLowerCase()) {
      const extension = single(value, {
        type: 'complex',
        name: '',
        subAttributes: type.extension.attributes,
      } as Attribute);
      if (extension !== undefined) resource[type.extension.id] = extension;
      continue;
    }
    const place = placeOf(type, key);
    if (place?.steps.length !== 1) continue;
    const found = shaped(value, place.attribute);
    if (found !== undefined) resource[place.attribute.name] = found;
  }
  return resource;
}
