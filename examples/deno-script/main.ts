/**
 * The same core under Deno:
 *
 *   npx deno@2.9.6 run --conditions=@denizen/source --allow-read --allow-env examples/deno-script/main.ts
 */
import '../core-script/main.ts'
