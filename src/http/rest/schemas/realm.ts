import { z } from 'zod';
import { REALM_STATES } from '../../../sharing/realm.ts';
import { Marking, NameOrSlug, Slug, Time } from './member.ts';

export const NewRealm = z
  .strictObject({
    slug: Slug.meta({ description: 'Never used again, and also that of its community' }),
    name: NameOrSlug.meta({
      description: 'Every object that is shared in it bears it. The slug unless given',
    }),
    from: Time.meta({ description: 'Before, it takes nothing' }),
    until: Time.meta({ description: 'From then on, it takes nothing' }),
    members: z.array(Slug).max(500).default([]).meta({ description: 'Who takes part' }),
    ceiling: Marking.default('amber').meta({ description: 'The highest marking in it' }),
  })
  .meta({ id: 'NewRealm' });

export const RealmParams = z.strictObject({ slug: Slug });

export const RealmEnd = z
  .strictObject({
    reason: z.string().trim().min(1).max(2000).meta({ description: 'The reason, which is stored' }),
  })
  .meta({ id: 'RealmEnd' });

const time = z.iso.datetime();

export const RealmAnswer = z
  .object({
    slug: z.string(),
    name: z.string(),
    from: time,
    until: time,
    state: z.enum(REALM_STATES).meta({ description: '`open`: it accepts posts' }),
    members: z.array(z.string()).meta({ description: 'With an agreement in force' }),
    archived_at: time.nullable(),
    wiped: z
      .object({ at: time, by: z.string(), reason: z.string() })
      .nullable()
      .meta({ description: 'After a wipe: the record that remains' }),
  })
  .meta({ id: 'Realm' });

export const RealmsAnswer = z.object({ realms: z.array(RealmAnswer) });
