import { isObject, type JsonObject } from './json.ts'

type Json = JsonObject[string]

/** JSON Merge Patch (RFC 7396): `null` removes a key, objects are merged, anything else replaces. Returns a new object. */
export function mergePatch(target: JsonObject, patch: JsonObject): JsonObject {
  const merged = new Map<string, Json>(Object.entries(target))
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) merged.delete(key)
    else merged.set(key, isObject(value) ? mergePatch(objectIn(merged.get(key)), value) : value)
  }
  return Object.fromEntries(merged)
}

/** Anything but an object counts as an empty one, so that nulls in a patch are never stored. */
function objectIn(value: Json | undefined): JsonObject {
  return isObject(value) ? value : {}
}
