/** The text of /etc/hostname, hostname(5). */
export function hostnameFile(hostname: string): string {
  return `${hostname}\n`;
}
