/**
 * Phrases of mail servers, by meaning. Sources: RFC 3463 and mail servers in use.
 * SMTP replies are nearly always English, but the sentence around them is not: hence the languages of large
 * providers. Order matters where two match.
 */
export interface Phrase {
  reason: string
  /** hard: the address is dead; soft: it may work later, or the refusal was about us */
  verdict: 'hard' | 'soft'
  words: RegExp
}

/** Names for our address, but not where an email is returned *to* it. */
const SENDER =
  "(?<!\\bto )(?<!\\bto the )\\b(?:sender|envelope[ -](?:from|sender)|mail[ -]?from(?=\\s*[:<]| address| domain)|return[ -]?path|reverse[ -]?path)(?:['’]s)?(?: (?:e?mail )?(?:address|domain|mailbox|host)(?: name)?)?"
/** Allowed between the name and the problem: the address, a colon, a small verb. */
const LINK = '\\s*(?:<[^>\\s]*>|[^\\s<>]+@[^\\s<>]+)?[\\s:,.\\x27"-]*(?:(?:is|was|has|been|be|could|can) ?)*'
const WRONG =
  "(?:rejected|refused|denied|invalid|unknown|(?:not|n['’]t) (?:be )?(?:valid\\w*|verified|found|exist\\w*|known|accepted|resolved?|deliverable|reachable|owned)|(?:does|do|did)(?: not|n['’]t) (?:exist|resolve)|no longer exists|cannot be (?:verified|resolved|found)|must (?:exist|resolve|be valid)|unresolvable|non-?existent|un(?:deliverable|verifiable|route?able)|null mx|malformed|verif(?:y|ication)|call-?(?:out|back))"

/**
 * A server refuses our sender address: it cannot verify it, or the address or domain does not exist (RFC 5248: X.1.7,
 * X.1.8, X.7.27).
 * Such a reply often contains the words of a dead mailbox ("No such user bounce@… here"), so it is checked first.
 */
export const OUR_SENDER: Phrase = {
  reason: 'our sender',
  verdict: 'soft',
  words: new RegExp(
    [
      `${SENDER}${LINK}${WRONG}`,
      `\\b(?:invalid|unknown|bad|illegal|non-?existent|forged|unverifiable|unresolvable|no such|unroute?able|incorrect|unacceptable|undeliverable|verify|verifying|verification of|resolve|validate) (?:the |your )?(?:envelope[ -])?(?:sender|return[ -]?path|reverse[ -]?path|mail[ -]from)\\b`,
      '\\b(?:call-?(?:out|back) (?:verif|fail)|verif(?:y|ication) call-?(?:out|back)|domain of (?:the )?sender|badmailfrom)',
      'absender\\w*[^.;\\n]{0,40}(?:ungültig|unbekannt|abgelehnt|existiert nicht|nicht (?:überprüf|verifizier|gefunden|akzeptiert))',
      "(?:expéditeur|remitente|mittente|remetente)[^.;\\n]{0,40}(?:inconnu|invalid|refusé|rechazad|rifiutat|rejeitad|desconocid|sconosciut|inválid|no existe|non esiste|n['’]existe)",
    ].join('|'),
    'i',
  ),
}

/** A reply to MAIL FROM, before any recipient was named. */
export const AT_MAIL_FROM =
  /\b(?:in (?:reply|response) to|after|reply to|response to|error from) (?:the )?(?:smtp )?(?:command )?["'`]?mail from\b|>>> ?mail from:[^\n]{0,300}\s<<< ?[45]\d\d/i

/** Refusals of the sender, the message or its route: they say nothing about the reader's address. */
export const ABOUT_US: readonly Phrase[] = [
  {
    reason: 'authentication',
    verdict: 'soft',
    words:
      /\b(?:spf|dkim|dmarc|domainkeys)\b|unauthenticated|not authenticated|sender authentication|authentication (?:failed|required|information)|unsigned message|reverse dns|\bptr record/i,
  },
  {
    reason: 'blocked',
    verdict: 'soft',
    words:
      /\b(?:dns|real.?time )?(?:block|black|deny) ?list(?:ed)?\b|\b[dr]n?sbl\b|spamhaus|spamcop|\bsorbs\b|barracuda(?:central| reputation)|\b(?:ip|host|client|network|domain) .{0,60}\b(?:blocked|banned|listed|blacklisted|not allowed)|invalid ip\b|blocked using|bad reputation|low reputation|poor reputation|sender (?:was |is )?(?:rejected|denied|blocked)|access denied(?!.{0,20}recipient)|connection refused by policy|unusual rate|user complaints|greylist|gesperrt|bloqué|bloquead[oa]|拒否/i,
  },
  {
    reason: 'spam',
    verdict: 'soft',
    words:
      /\bspam\b|\bube\b|\bjunk ?mail\b|bulk (?:e?mail|message)|unsolicited|\bvirus\b|malware|phishing|suspicious|nicht erwünscht|indésirable/i,
  },
  {
    reason: 'policy',
    verdict: 'soft',
    words:
      /polic(?:y|ies)\b|relay(?:ing)? (?:access )?(?:denied|not (?:permitted|allowed))|unable to relay|administrative(?:ly)? prohibit|not permitted to send|restricted|not a (?:valid )?member|only members|content (?:rejected|restrict|filter)|header (?:error|too)|headers? too (?:large|long)|line (?:limit|too long)|(?:attachment|content).{0,40}not (?:allowed|accepted)/i,
  },
  {
    reason: 'too many',
    verdict: 'soft',
    words:
      /too many (?:messages|recipients|connections|mails|hops|errors)|rate.?limit|throttl|(?:message|receiving|sending|daily|hourly) (?:rate|limit)s? (?:exceeded|reached)|try again later|temporarily deferred/i,
  },
]

export const MAILBOX_FULL: Phrase = {
  reason: 'mailbox full',
  verdict: 'soft',
  words:
    /(?:mail ?box|inbox|postfach|account|storage|folder|disk|user|maildrop|boîte|buz[oó]n|casella|caixa).{0,40}\b(?:is |ist |est |está |è )?(?:full|voll|pleine|llen[oa]|piena|cheia|vol\b|exceed|over)|over ?quota|quota (?:is )?(?:exceeded|full|reached|violation)|exceed(?:s|ed|ing)?.{0,30}\bquota|insufficient (?:storage|disk|space)|out of (?:storage|space)|not enough (?:storage|space)|speicherplatz|speichervolumen|quota[- ]issue|dépassement de quota|cuota|メールボックス.{0,10}(?:一杯|いっぱい|満)|容量/i,
}

export const TOO_BIG: Phrase = {
  reason: 'too big',
  verdict: 'soft',
  words:
    /(?:message|mail|content|file).{0,30}(?:size|too (?:big|large|long)|exceeds?).{0,40}(?:limit|maximum|allowed|exceed|big|large)?|size limit|zu groß|trop (?:gros|volumineux)|demasiado grande/i,
}

export const UNKNOWN_USER: Phrase = {
  reason: 'unknown user',
  verdict: 'hard',
  words:
    /(?:user|recipient|mail ?box|account|address|mailbox name|adressee|addressee|destination|user ?id|local[- ]part)s?\b[^.\n]{0,60}\b(?:unknown|not (?:be )?(?:found|exist|known|listed|valid|recogni[sz]ed|available)|(?:does|do|did|may)(?: not|n['’]t) exist|invalid|no longer (?:exists?|valid|available|in use)|unavailable|non-?existent|undeliverable)|\b(?:unknown|invalid|no such|non-?existent|illegal|bad|no valid|not a valid|unrouteable|unroutable|incorrect)\b[^.\n]{0,30}\b(?:user(?: ?id)?|recipient|mail ?box|account|address|local[- ]part|alias|mail drop|person|customer|destinat\w*)|no (?:mailbox|account|user|one) (?:here|with|by|of)|not (?:our|a local) (?:customer|user)|no longer (?:with|employed|works?)|recipient (?:address )?rejected: access denied|not listed in|user doesn['’]t exist|recipnotfound|(?:can ?not|can['’]t|could ?n['o]t|unable to) (?:find|locate)[^.\n]{0,30}\b(?:user|recipient|mail ?box|account|alias)|(?:user|recipient|person) (?:does(?: not|n['’]t)) have an? (?:\S{1,60} )?(?:account|mail ?box)|\bis not an? (?:known|active|current|registered|recogni[sz]ed) (?:e?mail )?(?:user|recipient|mail ?box|account|address)|is not a user (?:here|at)|unbekannt(?:er)? (?:benutzer|empfänger|adresse)|(?:empfänger|adresse|postfach|benutzer|nutzer).{0,40}(?:unbekannt|nicht (?:gefunden|bekannt|vorhanden)|existiert nicht|nicht verfügbar)|(?:destinataire|adresse|utilisateur|compte).{0,60}(?:inconnu|introuvable|invalide|n['’]existe)|(?:usuario|destinatario|dirección|cuenta|utente|indirizzo|casella|endereço|usuário|conta).{0,40}(?:desconocid|inexistente|no existe|no se encontr|sconosciut|non (?:esiste|trovat|valid)|não existe|inválid)|(?:ontvanger|gebruiker|adres).{0,30}(?:onbekend|bestaat niet)|(?:宛先|ユーザ|メールアドレス|受信者).{0,20}(?:存在し|見つかり|不明|ありません)|用户不存在|收件人.{0,10}不存在|пользователь.{0,20}не (?:найден|существует)/i,
}

export const UNKNOWN_HOST: Phrase = {
  reason: 'unknown host',
  verdict: 'hard',
  words:
    /(?:host(?! said)|domain)(?: name)?\b[^.\n]{0,60}(?:not found|unknown|(?:does|do)(?: not|n['’]t) exist|may not exist|could ?n['o]t be found|not reachable|non-?existent|invalid)|(?:unknown|invalid|no such|illegal|bad|unrouteable|unroutable|couldn['’]t find any)[ -](?:mail )?(?:host|domain)|no matches to nameserver query|nxdomain|dns lookup fail|name or service not known|unrouteable mail domain|null mx|(?:doesn['’]t|does not|not) (?:receive|accept) (?:any )?e?-?mail|no mx\b/i,
}

export const GONE: Phrase = {
  reason: 'moved or closed',
  verdict: 'hard',
  words:
    /(?:user|account|mailbox|recipient|address)[^.\n]{0,40}\b(?:moved|closed|deactivated|disabled|discontinued|terminated|deleted|suspended|inactive|expired)\b|\b(?:inactive|disabled|closed|suspended|deactivated|expired|deleted|terminated)[ -](?:e?mail )?(?:user|account|mailbox|recipient|address)\b|is not (?:an )?active(?: account| user|\b)|no longer (?:on|at) (?:this )?(?:server|address)|has (?:moved|left)|user not local|please try <|forwarding address|umgezogen|gelöscht|deaktiviert|désactivé|supprimé/i,
}

export const UNREACHABLE: readonly Phrase[] = [
  {
    reason: 'expired',
    verdict: 'soft',
    words:
      /retry time(?:out)? (?:not reached|exceeded)|in the queue too long|could not be delivered for|delivery (?:time )?expired|message (?:is )?(?:too old|expired)|failing for a long time|will be deleted from queue|gave up|nicht rechtzeitig/i,
  },
  {
    reason: 'network',
    verdict: 'soft',
    words:
      /connection (?:refused|timed out|reset|lost|closed|dropped)|timed? ?out|(?:socket|network|smtp|dns|protocol) (?:error|unreachable)|no route to host|not accept our requests|establish an smtp connection|lost connection|loops? back|mail loop|too many hops/i,
  },
]

/** The sentence that marks a message without other signs as a bounce. */
export const NOT_DELIVERED =
  /(?:could|can|was|were|has|have|is|are)(?: ?not|n['’]t)\b[^.\n]{0,60}\b(?:delivered?|deliver|sent|reach)|un(?:able|successful)[^.\n]{0,30}deliver|undeliver(?:ed|able)|deliver[^.\n]{0,50}(?:fail|problem|error|not possible|unable)|fail[^.\n]{0,30}deliver|failure notice|returned (?:mail|to sender)|mail (?:was )?returned|error[^.\n]{0,30}(?:sending|deliver)|trouble delivering|message (?:was |has been )?(?:blocked|rejected|not delivered|bounced)|bounce notification|permanent (?:fatal )?errors?|unzustellbar|nicht (?:zugestellt|ausgeliefert|zustellbar)|non remis|échec de la remise|n['’]a pas pu être|no se (?:ha )?pud?o? entregar|no entregado|mancato recapito|non (?:è stato )?(?:consegnat|recapitat)|não (?:foi |pôde ser )?entregue|onbestelbaar|niet (?:worden )?bezorgd|配信できません|配信不能|送信できません|退信|无法投递|не доставлен/i

/** A delay: the reporting server will retry. */
export const DELAYED =
  /will (?:be )?(?:retr(?:y|ied)|continue (?:to )?try)|still being retried|warning only|no action is required|delivery (?:status notification \()?(?:incomplete|delay)|\bdelayed\b|keep trying|verzögert|retard(?:é|ada)|遅延/i
