//! Room that was granted is not written to by anybody else, and not after it was committed.

use usbd_acm::{WriteGrant, Writer};

fn write_behind(writer: &mut Writer) {
    let grant = writer.grant().unwrap();
    let _ = writer.write(b"behind");
    grant.commit(1);
}

fn commit_twice(writer: &mut Writer) {
    let grant = writer.grant().unwrap();
    grant.commit(1);
    grant.commit(1);
}

fn outlive(mut writer: Writer) -> WriteGrant<'static, 2, 64> {
    writer.grant().unwrap()
}

fn main() {}
