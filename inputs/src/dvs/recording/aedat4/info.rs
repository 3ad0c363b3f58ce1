//! Description of the streams in an AEDAT 4 file: an XML tree of nodes and attributes, few of which
//! are needed.
//!
//! ```xml
//! <node name="outInfo"><node name="0"><attr key="typeIdentifier">EVTS</attr>
//!     <node name="info"><attr key="sizeX">128</attr><attr key="sizeY">128</attr></node></node></node>
//! ```

use std::collections::BTreeMap;

use super::super::super::event::Sensor;

/// A stream of packets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StreamInfo {
    /// Type of the packets: `EVTS` for camera events.
    pub kind: String,
    width: Option<u16>,
    height: Option<u16>,
}

impl StreamInfo {
    /// Returns the camera's size in pixels; `None` unless both sides are given and above 0.
    pub fn sensor(&self) -> Option<Sensor> {
        let (width, height) = (self.width?, self.height?);
        (width > 0 && height > 0).then_some(Sensor { width, height })
    }
}

/// Parses the description of the streams, by their number.
pub fn streams(xml: &str) -> BTreeMap<i32, StreamInfo> {
    let mut streams = BTreeMap::new();
    let mut path: Vec<&str> = Vec::new();
    let mut rest = xml;
    while let Some((_, tail)) = rest.split_once('<') {
        let Some((tag, after)) = tail.split_once('>') else { break };
        rest = after;
        if tag.starts_with("node ") && !tag.ends_with('/') {
            path.push(quoted(tag, "name").unwrap_or_default());
        } else if tag == "/node" {
            path.pop();
        } else if tag.starts_with("attr ") && !tag.ends_with('/') {
            let (value, _) = after.split_once('<').unwrap_or((after, ""));
            attribute(&mut streams, &path, quoted(tag, "key").unwrap_or_default(), value.trim());
        }
    }
    streams
}

fn attribute(streams: &mut BTreeMap<i32, StreamInfo>, path: &[&str], key: &str, value: &str) {
    let (number, inner) = match path {
        ["outInfo", number] => (number, false),
        ["outInfo", number, "info"] => (number, true),
        _ => return,
    };
    let Ok(number) = number.parse() else { return };
    let stream: &mut StreamInfo = streams.entry(number).or_default();
    match (inner, key) {
        (false, "typeIdentifier") => value.clone_into(&mut stream.kind),
        (true, "sizeX") => stream.width = value.parse().ok(),
        (true, "sizeY") => stream.height = value.parse().ok(),
        _ => {}
    }
}

/// Returns the value in `name="value"` of a tag; `None` if the tag has none.
fn quoted<'a>(tag: &'a str, name: &str) -> Option<&'a str> {
    tag.split_once(&format!("{name}=\""))?.1.split_once('"').map(|(value, _)| value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_are_found_with_type_and_size() {
        let xml = r#"<dv version="2.0"><node name="outInfo" path="/outInfo/">
            <node name="0" path="/outInfo/0/"><attr key="compression" type="string">LZ4</attr>
                <attr key="typeIdentifier" type="string">EVTS</attr>
                <node name="info"><attr key="sizeX" type="int">346</attr><attr key="sizeY" type="int">260</attr></node>
            </node>
            <node name="1"><attr key="typeIdentifier" type="string">IMUS</attr></node>
            <node name="empty"/></node></dv>"#;
        let streams = streams(xml);
        assert_eq!(streams.keys().copied().collect::<Vec<_>>(), [0, 1]);
        assert_eq!((streams[&0].kind.as_str(), streams[&1].kind.as_str()), ("EVTS", "IMUS"));
        assert_eq!(streams[&0].sensor(), Some(Sensor { width: 346, height: 260 }));
        assert_eq!(streams[&1].sensor(), None);
    }

    #[test]
    fn nonsense_gives_no_streams() {
        for xml in [
            "",
            "<",
            "<node name=",
            "<attr key=\"typeIdentifier\">EVTS",
            "</node></node>",
            "<node name=\"outInfo\">",
        ] {
            assert!(streams(xml).is_empty(), "{xml}");
        }
    }
}
