/**
 * Headers whose checksum the network card was still to fill in. The field holds 0 then, which is what tells them from wrong
 * ones: whoever fills it in never leaves a wrong 0.
 */
export class OffloadedHeaders {
  /** So many were taken as right, each time one was decoded. */
  packets = 0
}

/**
 * How the checksum of an IPv4 header is judged: as the stack judges it (true), not at all (false), or as the stack does but
 * for a 0, which is then counted and taken as right.
 */
export type HeaderCheck = boolean | OffloadedHeaders
