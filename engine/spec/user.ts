import { EngineError } from '../engine-error.ts';
import { parseGroup, parseId, parsePasswd, type GroupEntry, type PasswdEntry } from '../files/passwd-file.ts';

/** Who the container's process is, after the names were looked up. */
export interface ResolvedUser {
  uid: number;
  gid: number;
  additionalGids: readonly number[];
  /** Home directory; `/` when nobody knows it. */
  home: string;
  /** Null for a numeric user that passwd does not list. */
  name: string | null;
}

/** Who is asked for. The manifest's `user` goes before `runAsUser`, and that before the image's user. */
export interface UserRequest {
  /** Name of the container, for messages. */
  container: string;
  /** `user` or `user:group`, by name or number. */
  user: string | null;
  runAsUser: number | null;
  runAsGroup: number | null;
  runAsNonRoot: boolean;
  /** Additional groups by name or number. */
  groups: readonly string[];
  /** `User` of the image's configuration, in the same form as `user`. */
  imageUser: string | null;
  /** Users of the host that the container may run as although it does not know them. */
  hostUsers?: readonly PasswdEntry[];
}

/**
 * Looks names up in the container's own passwd and group (null: it has none). A number is taken as it is, even where a
 * hostile image has a user of that name. Throws UNKNOWN_USER for a name that is not there, BAD_REQUEST where
 * `runAsNonRoot` meets root.
 */
export function resolveUser(
  request: UserRequest,
  passwdText: string | null,
  groupText: string | null,
): ResolvedUser {
  const accounts: Accounts = {
    container: request.container,
    users: parsePasswd(passwdText ?? ''),
    hostUsers: request.hostUsers ?? [],
    groups: parseGroup(groupText ?? ''),
  };
  const asked = askedUser(request);
  const entry = findUser(asked.user, accounts);
  const uid = entry?.uid ?? Number(asked.user);
  const gid = asked.group === null ? (entry?.gid ?? 0) : findGroup(asked.group, accounts);
  if (request.runAsNonRoot && uid === 0) throw rootRefused(request, asked.origin);

  // The primary group is listed as well, so that dropping it later takes its rights away (CVE-2022-2989).
  const own = asked.origin === 'default' ? [] : [gid];
  const memberships = entry !== null && asked.addMemberships ? membershipsOf(entry.name, accounts) : [];
  const added = request.groups.map((group) => findGroup(group, accounts));
  return {
    uid,
    gid,
    additionalGids: [...new Set([...own, ...memberships, ...added])],
    home: entry === null || entry.home === '' ? '/' : entry.home,
    name: entry?.name ?? null,
  };
}

interface Accounts {
  container: string;
  users: readonly PasswdEntry[];
  hostUsers: readonly PasswdEntry[];
  groups: readonly GroupEntry[];
}

interface AskedUser {
  user: string;
  group: string | null;
  origin: 'spec.user' | 'securityContext.runAsUser' | 'the image' | 'default';
  /** Whether the groups that list the user count: not after `user:group`, which names all of them. */
  addMemberships: boolean;
}

function askedUser(request: UserRequest): AskedUser {
  const { user, runAsUser, runAsGroup, imageUser } = request;
  if (user !== null && user !== '') return { ...splitUser(user), origin: 'spec.user' };
  const runAs = runAsGroup === null ? null : String(runAsGroup);
  if (runAsUser !== null) {
    return {
      user: String(runAsUser),
      group: runAs,
      origin: 'securityContext.runAsUser',
      addMemberships: true,
    };
  }
  const ofImage = imageUser === null || imageUser === '' ? null : splitUser(imageUser);
  const base: AskedUser =
    ofImage === null
      ? { user: '0', group: null, origin: 'default', addMemberships: true }
      : { ...ofImage, origin: 'the image' };
  return runAs === null ? base : { ...base, group: runAs };
}

function splitUser(text: string): Omit<AskedUser, 'origin'> {
  const colon = text.indexOf(':');
  const user = colon === -1 ? text : text.slice(0, colon);
  const group = colon === -1 ? '' : text.slice(colon + 1);
  return {
    user: user === '' ? '0' : user,
    group: group === '' ? null : group,
    addMemberships: group === '',
  };
}

/** Null for a number that no line has. */
function findUser(user: string, { container, users, hostUsers }: Accounts): PasswdEntry | null {
  const uid = parseId(user);
  if (uid !== null) return users.find((entry) => entry.uid === uid) ?? null;
  const found = [...users, ...hostUsers].find(({ name }) => name === user);
  if (found !== undefined) return found;
  throw new EngineError(
    'UNKNOWN_USER',
    `resolve user of container ${container}: no user \`${user}\` in the container's /etc/passwd`,
    { hint: 'use a user that the image has, or a number' },
  );
}

function findGroup(group: string, { container, groups }: Accounts): number {
  const gid = parseId(group) ?? groups.find(({ name }) => name === group)?.gid;
  if (gid !== undefined) return gid;
  throw new EngineError(
    'UNKNOWN_USER',
    `resolve group of container ${container}: no group \`${group}\` in the container's /etc/group`,
    { hint: 'use a group that the image has, or a number' },
  );
}

function membershipsOf(user: string, { groups }: Accounts): number[] {
  return groups.filter(({ members }) => members.includes(user)).map(({ gid }) => gid);
}

function rootRefused({ container }: UserRequest, origin: string): EngineError {
  return new EngineError(
    'BAD_REQUEST',
    `resolve user of container ${container}: runAsNonRoot is set, expected a user other than root, found uid 0 (from ${origin})`,
    { hint: 'set runAsUser' },
  );
}
