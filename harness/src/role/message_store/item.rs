//! What a FETCH asks for, and what it gets (RFC 3501, 6.4.5).

use std::num::NonZeroU32;

use bytes::Bytes;
use imap_codec::imap_types::{
    core::NString,
    fetch::{MacroOrMessageDataItemNames, MessageDataItem, MessageDataItemName, Section},
    sequence::{SeqOrUid, Sequence, SequenceSet},
};

/// The items that a FETCH names, UID among them where it has to be told; `None` where one of them is not kept.
pub(super) fn wanted<'a>(names: &MacroOrMessageDataItemNames<'a>, uid: bool) -> Option<Vec<MessageDataItemName<'a>>> {
    let MacroOrMessageDataItemNames::MessageDataItemNames(names) = names else { return None };
    let mut names = names.clone();
    if uid && !names.contains(&MessageDataItemName::Uid) {
        names.insert(0, MessageDataItemName::Uid);
    }
    names.iter().all(is_kept).then_some(names)
}

fn is_kept(name: &MessageDataItemName<'_>) -> bool {
    use MessageDataItemName as Name;
    match name {
        Name::BodyExt { section, .. } => matches!(section, None | Some(Section::Header(None) | Section::Text(None))),
        Name::Flags | Name::Rfc822 | Name::Rfc822Header | Name::Rfc822Size | Name::Rfc822Text | Name::Uid => true,
        _ => false,
    }
}

/// One item of a message.
pub(super) fn of<'a>(name: &MessageDataItemName<'a>, uid: u32, octets: &Bytes) -> Option<MessageDataItem<'a>> {
    use MessageDataItemName as Name;
    let (head, text) = halves(octets);
    let string = |octets: &[u8]| NString::try_from(octets.to_vec()).ok();
    Some(match name {
        Name::Uid => MessageDataItem::Uid(NonZeroU32::new(uid)?),
        Name::Flags => MessageDataItem::Flags(Vec::new()),
        Name::Rfc822Size => MessageDataItem::Rfc822Size(u32::try_from(octets.len()).unwrap_or(u32::MAX)),
        Name::Rfc822 => MessageDataItem::Rfc822(string(octets)?),
        Name::Rfc822Header => MessageDataItem::Rfc822Header(string(head)?),
        Name::Rfc822Text => MessageDataItem::Rfc822Text(string(text)?),
        Name::BodyExt { section, partial, .. } => {
            let whole = match section {
                None => octets.as_ref(),
                Some(Section::Header(None)) => head,
                _ => text,
            };
            let cut = partial.map_or(whole, |(from, len)| {
                let from = (from as usize).min(whole.len());
                let to = from.saturating_add(len.get() as usize).min(whole.len());
                whole.get(from..to).unwrap_or_default()
            });
            MessageDataItem::BodyExt { section: section.clone(), origin: partial.map(|(from, _)| from), data: string(cut)? }
        }
        _ => return None,
    })
}

/// Header and text; the empty line belongs to the header.
fn halves(octets: &[u8]) -> (&[u8], &[u8]) {
    let end = octets.windows(4).position(|four| four == b"\r\n\r\n").map_or(octets.len(), |at| at + 4);
    octets.split_at(end)
}

/// Whether a set names `number`; `largest` is what `*` stands for.
pub(super) fn names(set: &SequenceSet, number: u32, largest: NonZeroU32) -> bool {
    let value = |end: &SeqOrUid| end.expand(largest).get();
    set.0.as_ref().iter().any(|sequence| match sequence {
        Sequence::Single(one) => value(one) == number,
        Sequence::Range(a, b) => (value(a).min(value(b))..=value(a).max(value(b))).contains(&number),
    })
}
