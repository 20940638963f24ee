import { EngineError } from '../engine-error.ts';
import { parseGroup, parsePasswd, type PasswdEntry } from './passwd-file.ts';

/** What decides on lines that the container's passwd and group lack. */
export interface PasswdRequest {
  /** Name of the container, for messages. */
  container: string;
  uid: number;
  gid: number;
  /** Home of a user without a line: the working directory. */
  home: string;
  /** Template of the line; null is the default. $USERNAME, $UID, $GID, $NAME and $HOME are replaced. */
  passwdEntry: string | null;
  /** Template of the group's line: $GROUPNAME, $GID and $USERLIST. */
  groupEntry: string | null;
  /** Users of the host that get a line of their own. */
  hostUsers: readonly PasswdEntry[];
}

/** Text to append to each file; empty where there is nothing to add. */
export interface PasswdAdditions {
  passwd: string;
  group: string;
}

const DEFAULT_PASSWD_ENTRY = '$USERNAME:*:$UID:$GID:$NAME:$HOME:/bin/sh';
const DEFAULT_GROUP_ENTRY = '$GROUPNAME:x:$GID:$USERLIST';

/**
 * Lines for a user and group that the container runs as and does not know, and for users of the host. Nothing for what is
 * there already, so that a second call on the completed text adds nothing.
 */
export function passwdAdditions(
  request: PasswdRequest,
  passwdText: string | null,
  groupText: string | null,
): PasswdAdditions {
  const users = parsePasswd(passwdText ?? '');
  const groups = parseGroup(groupText ?? '');
  const { uid, gid } = request;
  const passwd: string[] = [];
  const group: string[] = [];
  for (const entry of request.hostUsers) {
    if (users.some(({ name, uid: known }) => name === entry.name || known === entry.uid)) continue;
    passwd.push(checkLine(`${entry.name}:*:${entry.uid}:${entry.gid}::${entry.home}:/bin/sh`, request));
    if (!groups.some(({ gid: known }) => known === entry.gid)) {
      group.push(checkLine(`${entry.name}:x:${entry.gid}:${entry.name}`, request));
      groups.push({ name: entry.name, gid: entry.gid, members: [] });
    }
    users.push(entry);
  }
  // Root needs no line: an image without a passwd runs fine.
  if (uid !== 0 && !users.some(({ uid: known }) => known === uid)) passwd.push(passwdLine(request));
  if (gid !== 0 && !groups.some(({ gid: known }) => known === gid)) group.push(groupLine(request));
  return { passwd: asText(passwd, passwdText), group: asText(group, groupText) };
}

function passwdLine(request: PasswdRequest): string {
  const line = (request.passwdEntry ?? DEFAULT_PASSWD_ENTRY)
    .replaceAll('$USERNAME', String(request.uid))
    .replaceAll('$UID', String(request.uid))
    .replaceAll('$GID', String(request.gid))
    .replaceAll('$NAME', 'container user')
    .replaceAll('$HOME', () => request.home);
  return checkLine(line, request);
}

function groupLine(request: PasswdRequest): string {
  const line = (request.groupEntry ?? DEFAULT_GROUP_ENTRY)
    .replaceAll('$GROUPNAME', String(request.gid))
    .replaceAll('$GID', String(request.gid))
    .replaceAll('$USERLIST', String(request.uid));
  return checkLine(line, request);
}

/** A line break would be a second line, and so a second user. */
function checkLine(line: string, { container }: PasswdRequest): string {
  if (!/[\n\r\0]/.test(line)) return line;
  throw new EngineError(
    'BAD_REQUEST',
    `build passwd of container ${container}: expected one line, found ${JSON.stringify(line)}`,
  );
}

/** A last line without an end is ended first, or the new one would become a part of it. */
function asText(lines: readonly string[], file: string | null): string {
  const isOpen = file !== null && file !== '' && !file.endsWith('\n');
  return lines.length === 0 ? '' : `${isOpen ? '\n' : ''}${lines.join('\n')}\n`;
}
