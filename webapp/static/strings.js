// The messages of scripts in the language of the page, by gettext's names: they are written in English, and the
// page holds what they are called in its own language.
"use strict";
const language = document.documentElement.lang;
const translations = JSON.parse(document.getElementById("strings").content.textContent);
const PLURALS = ["zero", "one", "two", "few", "many", "other"]; // in the order of gettext

const formatNumber = (number) => number.toLocaleString(language);
const fillMessage = (message, values) => message.replace(/%\((\w+)\)s/g, (_, name) => values[name]);

function gettext(message, values = {}) {
  return fillMessage(translations[message]?.[0] ?? message, values);
}

function ngettext(singular, plural, num, values = {}) {
  const rules = new Intl.PluralRules(language);
  const { pluralCategories } = rules.resolvedOptions();
  const place = PLURALS.filter((name) => pluralCategories.includes(name)).indexOf(rules.select(num));
  return fillMessage((translations[singular] ?? [singular, plural])[place], { num: formatNumber(num), ...values });
}
